import { complain, type Fields } from '../../../../lib/schema/fields.ts';
import { fallback, object, optional, required } from '../../../../lib/schema/object.ts';
import { boolean, list } from '../../../../lib/schema/scalars.ts';
import { armsFrom, armsOf, queriesIn } from '../arms.ts';
import { marginField } from '../margins.ts';
import { metricPart, properShare, weight, type MetricOf } from '../part.ts';
import type { LatencyQueries } from '../preset.ts';

const arms = armsOf<LatencyQueries>({
  buckets: {
    doc: 'PromQL of a histogram, without rate or increase: the _bucket series of a classic one, or a native one by its name.',
    remedy: 'give the PromQL selector of the _bucket series of a histogram',
  },
});

const QUANTILES = [0.5, 0.95, 0.99];

const QUESTION = object(
  {
    ...arms.fields,
    quantile: optional(properShare, 'One quantile alone; give it instead of quantiles.'),
    quantiles: optional(list(properShare, 5, 1), 'The quantiles of the stable version that are compared.', {
      shown: QUANTILES.join(', '),
    }),
    requireProof: fallback(
      boolean,
      false,
      'Pass only what the buckets can prove safe; otherwise what is too coarse for a proof passes as no harm detected.',
    ),
  },
  {
    rules: [
      {
        rule: '!(has(self.quantile) && has(self.quantiles))',
        message: 'give only one of quantile and quantiles',
      },
    ],
    check: ({ quantile, quantiles }, fields) => {
      arms.check(fields);
      checkQuantiles(fields, quantile, quantiles);
    },
  },
);

function checkQuantiles(fields: Fields, quantile: unknown, quantiles: readonly number[] | undefined): void {
  if (fields.has('quantile') && fields.has('quantiles'))
    complain(fields.at('quantile'), quantile, 'is given beside quantiles', 'give only one of the two');
  const twice = quantiles?.find((value, i) => quantiles.indexOf(value) !== i);
  if (twice !== undefined)
    complain(fields.at('quantiles'), twice, 'is there twice', 'give each quantile once');
}

const MARGIN = marginField({
  harmMargin: { absolute: 2e-4, relative: 0.1 },
  safeMargin: { absolute: 2e-4, relative: 0.25 },
});

/**
 * Requests slower than stable's past quantiles u. Compares the share of stable's requests slower than u with the share of
 * the canary's slower than u × (1 + relative). The absolute part of a margin is a share of requests, not a duration.
 */
export const LATENCY = metricPart({
  kind: 'latency',
  first: () => ({}),
  more: () => ({
    latency: required(QUESTION, {
      doc: 'Compares how many requests of the canary are slower than quantiles of the stable version. Give a preset, or buckets, or buckets for each arm.',
      remedy: 'give a preset or queries',
    }),
    margin: MARGIN,
    weight,
  }),
  read: ({ latency, margin, weight: share }) => {
    const { quantile, quantiles, requireProof, ...given } = latency;
    const single = quantile === undefined ? QUANTILES : [quantile];
    return {
      weight: share,
      ...arms.read(given),
      quantiles: (quantiles ?? single).toSorted((a, b) => a - b),
      requireProof,
      ...margin,
    };
  },
  write: ({ preset, queries, quantiles, requireProof, harmMargin, safeMargin, weight: share }) => ({
    latency: { ...arms.write(armsFrom(preset, queries)), quantiles, requireProof },
    margin: { harmMargin, safeMargin },
    weight: share,
  }),
  queries: ({ queries }) => queriesIn('latency', queries),
  presets: {
    given: ({ preset, queries }) => ({ preset, queries }),
    filled: (metric, { latency }) => latency && { ...metric, queries: latency },
    lacks: 'histogram of durations',
  },
});

export type LatencyMetric = MetricOf<typeof LATENCY>;
