import { REASON } from '../../../api/reasons.ts';
import { kindOfMetric } from '../kinds.ts';
import { named, type Evaluation, type MetricInput } from './evaluation.ts';
import { inconclusive } from './missing.ts';

/** One metric in a window in which most canary pods were cold: some kinds can fail, the others are not judged. */
export function judgeWarming(input: MetricInput): Evaluation {
  const { metric } = input.bound;
  return kindOfMetric(metric).judgeWarming?.(input, metric) ?? notJudged(input);
}

function notJudged(input: MetricInput): Evaluation {
  const state = input.previous ?? kindOfMetric(input.bound.metric).memory.begun();
  const verdict = inconclusive(REASON.WarmingUp, 'not judged while most canary pods are warming up');
  return { state, missing: false, verdict: named(input, verdict) };
}
