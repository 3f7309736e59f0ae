import type { JsonObject } from '../../kube.ts';
import type { ErrorRateMetric, ErrorRateQueries } from '../../template.ts';
import { Fields, type Read } from '../fields.ts';
import { query, type Common } from './common.ts';
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

export function readErrorRate(fields: Fields, common: Common): ErrorRateMetric | undefined {
  const source = fields.optional('errorRate', readErrorRateSource);
  const margins = readMargins(fields, ERROR_RATE_MARGINS);
  return (
    source && {
      type: 'errorRate',
      ...common,
      weight: 1,
      ...source,
      ...margins,
      test: { method: 'sequential' },
    }
  );
}

export function writeErrorRate(metric: ErrorRateMetric): JsonObject {
  return { errorRate: writeSource(metric), ...writeMargins(metric) };
}
