import { fallback, object, optional, required } from '../../../../lib/schema/object.ts';
import { converted } from '../../../../lib/schema/schema.ts';
import { armsFrom, armsOf, queriesIn } from '../arms.ts';
import { breakdown } from '../breakdown.ts';
import { COUNT_RULES, countTest } from '../looks.ts';
import { marginField } from '../margins.ts';
import { metricPart, properShare, weight, type MetricOf } from '../part.ts';
import type { ErrorRateQueries } from '../preset.ts';

const arms = armsOf<ErrorRateQueries>({
  bad: {
    doc: 'PromQL of a cumulative counter of bad requests, without rate or increase.',
    remedy: 'give PromQL for the cumulative number of bad requests',
  },
  total: {
    doc: 'PromQL of a cumulative counter of all requests, without rate or increase.',
    remedy: 'give PromQL for the cumulative number of all requests',
  },
});

const QUESTION = converted(object(arms.fields, { check: (_, fields) => arms.check(fields) }), arms);

const MARGIN = marginField({
  harmMargin: { absolute: 1e-4, relative: 0.1 },
  safeMargin: { absolute: 1e-3, relative: 0.5 },
});

export const ERROR_RATE = metricPart({
  kind: 'errorRate',
  first: () => ({}),
  more: (_, intervalMs) => ({
    errorRate: required(QUESTION, {
      doc: 'Compares the share of bad requests of the canary with that of the stable version. Give a preset, or bad and total, or both for each arm.',
      remedy: 'give a preset or queries',
    }),
    margin: MARGIN,
    weight,
    test: fallback(
      countTest(intervalMs),
      { method: 'sequential' },
      'How the difference is tested; sequential is safe to look at after every window, the others are not.',
      { shown: 'sequential' },
    ),
    ceiling: optional(
      properShare,
      'An error rate of the canary that is never acceptable, whatever the stable version does.',
    ),
    breakdown,
  }),
  rules: COUNT_RULES,
  read: ({ errorRate, margin, weight: share, test, ceiling, breakdown: into }) => ({
    weight: share,
    ...errorRate,
    ...margin,
    test,
    ...(ceiling === undefined ? {} : { ceiling }),
    ...(into === undefined ? {} : { breakdown: into }),
  }),
  write: ({ preset, queries, harmMargin, safeMargin, ...rest }) => ({
    errorRate: armsFrom(preset, queries),
    margin: { harmMargin, safeMargin },
    ...rest,
  }),
  queries: ({ queries }) => queriesIn('errorRate', queries),
  presets: {
    given: ({ preset, queries }) => ({ preset, queries }),
    filled: (metric, { canary, stable }) => ({ ...metric, queries: { canary, stable } }),
    lacks: 'counters of errors',
    total: ({ queries }) => queries && { canary: queries.canary.total, stable: queries.stable.total },
  },
});

export type ErrorRateMetric = MetricOf<typeof ERROR_RATE>;
