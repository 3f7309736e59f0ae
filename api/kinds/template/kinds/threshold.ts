import { fallback, object, optional, required } from '../../../../lib/schema/object.ts';
import { count, oneOf, text } from '../../../../lib/schema/scalars.ts';
import { metricPart, numberQueries, query, type MetricOf } from '../part.ts';

const expression = text(512);
const limit = count(0, 1000);

const QUESTION = object(
  {
    query: required(query, {
      doc: 'PromQL that returns one number.',
      remedy: 'give PromQL that returns one number',
    }),
    stableQuery: optional(query, 'The same for the stable version, if an expression names it.', {
      shown: 'query',
    }),
    success: optional(expression, 'An expression over value, canary and stable, like "value < 0.5".', {
      shown: 'not failure',
      aliases: ['successCondition'],
    }),
    failure: optional(expression, 'An expression over value, canary and stable. One of the two is needed.', {
      shown: 'not success',
      aliases: ['failureCondition'],
    }),
  },
  {
    check: (_, fields) => {
      if (fields.has('success') || fields.has('failure')) return;
      fields.missing('success', 'give an expression over value, canary and stable, like "value < 0.5"');
    },
  },
);

export const THRESHOLD = metricPart({
  kind: 'threshold',
  first: () => ({}),
  more: () => ({
    threshold: required(QUESTION, {
      doc: 'Judges one number by expressions over value, canary and stable.',
      remedy: 'give a query and an expression',
    }),
    failureLimit: fallback(limit, 0, 'Failed measurements that are forgiven.'),
    counting: fallback(
      oneOf(['consecutive', 'total']),
      'consecutive',
      'Failures are counted since the last success, or in total over the release, as Flagger and Argo Rollouts count.',
    ),
    consecutiveErrorLimit: optional(
      limit,
      'After more measurements than this in a row without data the metric fails.',
      { shown: 'missing data never fails' },
    ),
    inconclusiveLimit: fallback(
      limit,
      3,
      'After so many measurements in a row that met neither condition the reason is Inconclusive.',
    ),
    nan: fallback(oneOf(['inconclusive', 'zero', 'fail']), 'inconclusive', 'What NaN counts as.'),
  }),
  read: ({ threshold, failureLimit, counting, consecutiveErrorLimit, inconclusiveLimit, nan }) => ({
    ...threshold,
    failureLimit,
    counting,
    ...(consecutiveErrorLimit === undefined ? {} : { consecutiveErrorLimit }),
    inconclusiveLimit,
    nan,
  }),
  write: ({ query: asked, stableQuery, success, failure, ...beside }) => ({
    threshold: {
      query: asked,
      ...(stableQuery === undefined ? {} : { stableQuery }),
      ...(success === undefined ? {} : { success }),
      ...(failure === undefined ? {} : { failure }),
    },
    ...beside,
  }),
  queries: (metric) => numberQueries('threshold', metric),
  conditions: ({ success, failure }) => [
    ...(success === undefined ? [] : [{ field: 'success', text: success }]),
    ...(failure === undefined ? [] : [{ field: 'failure', text: failure }]),
  ],
});

export type ThresholdMetric = MetricOf<typeof THRESHOLD>;
