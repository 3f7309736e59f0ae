import type { JsonObject } from '../../../lib/json.ts';
import type { ThresholdMetric } from '../../template.ts';
import { Fields, type Read } from '../../../lib/schema/fields.ts';
import { number, oneOf, text } from '../../../lib/schema/read.ts';
import { query, type Common } from './common.ts';

const DEFAULT_FAILURE_LIMIT = 0;
const DEFAULT_INCONCLUSIVE_LIMIT = 3;

const expression = text(512);
const limit = number({ min: 0, max: 1000, integer: true });

type Question = Pick<ThresholdMetric, 'query' | 'stableQuery' | 'success' | 'failure'>;

const readQuestion: Read<Question> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const read = fields.required('query', query, 'give PromQL that returns one number');
  const stableQuery = fields.optional('stableQuery', query);
  const success = fields.optional('success', expression);
  const failure = fields.optional('failure', expression);
  fields.end({ successCondition: 'success', failureCondition: 'failure' });
  if (!fields.has('success') && !fields.has('failure')) {
    fields.missing('success', 'give an expression over value, canary and stable, like "value < 0.5"');
  }
  if (read === undefined) return undefined;
  return {
    query: read,
    ...(stableQuery === undefined ? {} : { stableQuery }),
    ...(success === undefined ? {} : { success }),
    ...(failure === undefined ? {} : { failure }),
  };
};

export function readThreshold(fields: Fields, common: Common): ThresholdMetric | undefined {
  const question = fields.optional('threshold', readQuestion);
  const failureLimit = fields.withDefault('failureLimit', limit, DEFAULT_FAILURE_LIMIT);
  const counting = fields.withDefault('counting', oneOf(['consecutive', 'total']), 'consecutive');
  const consecutiveErrorLimit = fields.optional('consecutiveErrorLimit', limit);
  const inconclusiveLimit = fields.withDefault('inconclusiveLimit', limit, DEFAULT_INCONCLUSIVE_LIMIT);
  const nan = fields.withDefault('nan', oneOf(['inconclusive', 'zero', 'fail']), 'inconclusive');
  if (question === undefined) return undefined;
  return {
    type: 'threshold',
    ...common,
    ...question,
    failureLimit,
    counting,
    ...(consecutiveErrorLimit === undefined ? {} : { consecutiveErrorLimit }),
    inconclusiveLimit,
    nan,
  };
}

export function writeThreshold(metric: ThresholdMetric): JsonObject {
  const { query: asked, stableQuery, success, failure, consecutiveErrorLimit } = metric;
  const { failureLimit, counting, inconclusiveLimit, nan } = metric;
  return {
    threshold: {
      query: asked,
      ...(stableQuery === undefined ? {} : { stableQuery }),
      ...(success === undefined ? {} : { success }),
      ...(failure === undefined ? {} : { failure }),
    },
    failureLimit,
    counting,
    ...(consecutiveErrorLimit === undefined ? {} : { consecutiveErrorLimit }),
    inconclusiveLimit,
    nan,
  };
}
