import type { JsonObject } from '../../../lib/json.ts';
import type { ErrorRateMetric, ErrorRateQueries } from '../../template.ts';
import { Fields, type Read } from '../../../lib/schema/fields.ts';
import { properShare, query, readWeight, type Common } from './common.ts';
import { countTest, writeTest } from './looks.ts';
import { readMargins, writeMargins, type Margins } from './margins.ts';
import { readSource, writeSource, type Source } from './source.ts';

export const ERROR_RATE_MARGINS: Margins = {
  harmMargin: { absolute: 1e-4, relative: 0.1 },
  safeMargin: { absolute: 1e-3, relative: 0.5 },
};

function readQueries(fields: Fields): ErrorRateQueries | undefined {
  const bad = fields.required('bad', query, 'give PromQL for the cumulative number of bad requests');
  const total = fields.required('total', query, 'give PromQL for the cumulative number of all requests');
  return bad === undefined || total === undefined ? undefined : { bad, total };
}

const readErrorRateSource: Read<Source<ErrorRateQueries>> = (value, place) => {
  const fields = Fields.open(value, place);
  const source = fields && readSource(fields, { names: ['bad', 'total'], read: readQueries });
  fields?.end();
  return source;
};

export function readErrorRate(
  fields: Fields,
  common: Common,
  intervalMs: number,
): ErrorRateMetric | undefined {
  const source = fields.optional('errorRate', readErrorRateSource);
  const margins = readMargins(fields, ERROR_RATE_MARGINS);
  const weight = readWeight(fields);
  const test = fields.withDefault('test', countTest(intervalMs), { method: 'sequential' });
  const ceiling = fields.optional('ceiling', properShare);
  if (source === undefined) return undefined;
  return {
    type: 'errorRate',
    ...common,
    weight,
    ...source,
    ...margins,
    test,
    ...(ceiling === undefined ? {} : { ceiling }),
  };
}

export function writeErrorRate(metric: ErrorRateMetric): JsonObject {
  const { weight, test, ceiling } = metric;
  return {
    errorRate: writeSource(metric),
    ...writeMargins(metric),
    weight,
    test: writeTest(test),
    ...(ceiling === undefined ? {} : { ceiling }),
  };
}
