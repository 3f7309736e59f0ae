import type { Metric } from '../../template.ts';
import type { Fields } from '../../../lib/schema/fields.ts';
import { number, text } from '../../../lib/schema/read.ts';

/** What every kind of metric has. */
export type Common = Pick<Metric, 'name' | 'critical' | 'dryRun'>;

/** PromQL with variables; analysis/judge/core/check.ts looks into it. */
export const query = text(4096);

const MIN_SHARE = 1e-6;
const MAX_SHARE = 1 - 1e-6;

/** A share or probability strictly between 0 and 1. */
export const properShare = number({ min: MIN_SHARE, max: MAX_SHARE });

const MIN_WEIGHT = 0.001;
const MAX_WEIGHT = 1000;
const DEFAULT_WEIGHT = 1;

/** Share of a metric with running evidence: weight / sum of weights. */
export function readWeight(fields: Fields): number {
  return fields.withDefault('weight', number({ min: MIN_WEIGHT, max: MAX_WEIGHT }), DEFAULT_WEIGHT);
}
