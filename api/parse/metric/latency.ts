import type { JsonObject } from '../../../lib/json.ts';
import type { LatencyMetric, LatencyQueries } from '../../template.ts';
import { Fields, complain, type Read } from '../../../lib/schema/fields.ts';
import { boolean, list } from '../../../lib/schema/read.ts';
import { properShare, query, readWeight, type Common } from './common.ts';
import { readMargins, writeMargins, type Margins } from './margins.ts';
import { readSource, writeSource, type Source } from './source.ts';

const LATENCY_MARGINS: Margins = {
  harmMargin: { absolute: 2e-4, relative: 0.1 },
  safeMargin: { absolute: 2e-4, relative: 0.25 },
};
const DEFAULT_QUANTILES: readonly number[] = [0.5, 0.95, 0.99];
const MAX_QUANTILES = 5;

type Settings = Source<LatencyQueries> & Pick<LatencyMetric, 'quantiles' | 'requireProof'>;

function readQueries(fields: Fields): LatencyQueries | undefined {
  const remedy = 'give the PromQL selector of the _bucket series of a histogram';
  const buckets = fields.required('buckets', query, remedy);
  return buckets === undefined ? undefined : { buckets };
}

/** `quantile: 0.99` or `quantiles: [0.5, 0.99]`; ascending in the end. */
function readQuantiles(fields: Fields): number[] {
  const single = fields.optional('quantile', properShare);
  const several = fields.optional('quantiles', list(properShare, MAX_QUANTILES, 1));
  if (fields.has('quantile') && fields.has('quantiles')) {
    complain(fields.at('quantile'), single, 'is given beside quantiles', 'give only one of the two');
  }
  const twice = several?.find((value, i) => several.indexOf(value) !== i);
  if (twice !== undefined) {
    complain(fields.at('quantiles'), twice, 'is there twice', 'give each quantile once');
  }
  const quantiles = several ?? (single === undefined ? DEFAULT_QUANTILES : [single]);
  return quantiles.toSorted((a, b) => a - b);
}

const readSettings: Read<Settings> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const source = readSource(fields, { names: ['buckets'], read: readQueries });
  const quantiles = readQuantiles(fields);
  const requireProof = fields.withDefault('requireProof', boolean, false);
  fields.end();
  return source && { ...source, quantiles, requireProof };
};

export function readLatency(fields: Fields, common: Common): LatencyMetric | undefined {
  const settings = fields.optional('latency', readSettings);
  const margins = readMargins(fields, LATENCY_MARGINS);
  const weight = readWeight(fields);
  return settings && { type: 'latency', ...common, weight, ...settings, ...margins };
}

export function writeLatency(metric: LatencyMetric): JsonObject {
  const { quantiles, requireProof, weight } = metric;
  return {
    latency: { ...writeSource(metric), quantiles: [...quantiles], requireProof },
    ...writeMargins(metric),
    weight,
  };
}
