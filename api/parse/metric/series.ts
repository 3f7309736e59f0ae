import type { JsonObject } from '../../../lib/json.ts';
import type { SeriesMetric, SeriesTest } from '../../template.ts';
import { Fields, type Read } from '../../../lib/schema/fields.ts';
import { oneOf } from '../../../lib/schema/read.ts';
import { query, type Common } from './common.ts';
import { KAYENTA_FIELDS, defaultKayenta, readKayenta, writeKayenta } from './kayenta.ts';
import { defaultSeriesTest, seriesTest, writeTest } from './looks.ts';

type Question = Pick<SeriesMetric, 'query' | 'stableQuery' | 'kayenta'>;

const readQuestion =
  (method: SeriesTest['method']): Read<Question> =>
  (value, place) => {
    const fields = Fields.open(value, place);
    if (fields === undefined) return undefined;
    const asked = fields.required('query', query, 'give PromQL that returns one number for each window');
    const stableQuery = fields.optional('stableQuery', query);
    const kayenta = method === 'kayenta' ? readKayenta(fields) : defaultKayenta();
    if (method !== 'kayenta') {
      const message = `is a setting of the kayenta method, and test.method is ${method}`;
      fields.refuse(KAYENTA_FIELDS, message, 'remove it, or set test.method to kayenta');
    }
    fields.end();
    if (asked === undefined) return undefined;
    return { query: asked, ...(stableQuery === undefined ? {} : { stableQuery }), kayenta };
  };

export function readSeries(fields: Fields, common: Common, intervalMs: number): SeriesMetric | undefined {
  const test = fields.withDefault('test', seriesTest(intervalMs), defaultSeriesTest(intervalMs));
  const question = fields.optional('series', readQuestion(test.method));
  const direction = fields.withDefault('direction', oneOf(['increase', 'decrease', 'either']), 'either');
  const nan = fields.withDefault('nan', oneOf(['remove', 'zero']), 'remove');
  return question && { type: 'series', ...common, ...question, direction, nan, test };
}

export function writeSeries(metric: SeriesMetric): JsonObject {
  const { query: asked, stableQuery, kayenta, direction, nan, test } = metric;
  return {
    series: {
      query: asked,
      ...(stableQuery === undefined ? {} : { stableQuery }),
      ...(test.method === 'kayenta' ? writeKayenta(kayenta) : {}),
    },
    direction,
    nan,
    test: writeTest(test),
  };
}
