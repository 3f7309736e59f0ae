import type { BoundMetric } from '../../../api/bound.ts';
import { kindOfMetric } from '../kinds.ts';
import type { Judged } from './combined.ts';
import type { Evaluation } from './evaluation.ts';

/** One metric with its running statistics. */
export interface Measured {
  bound: BoundMetric;
  evaluation: Evaluation;
}

/**
 * What decides: every metric by itself, except those that the `scoring` of their template judges together: the first of
 * them speaks for all. Dry runs are left out.
 */
export function deciders(measured: readonly Measured[]): Judged[] {
  const counted = measured.filter(({ evaluation }) => !evaluation.verdict.dryRun);
  return counted.flatMap((each): Judged[] => {
    const { bound, evaluation } = each;
    const { metric, bound: template } = bound;
    const { scoring } = template.template;
    const kind = kindOfMetric(metric);
    if (scoring === undefined || kind.judgeTogether === undefined) return [{ bound, opinion: evaluation }];
    const members = counted.filter(
      ({ bound: other }) => other.bound === template && other.metric.type === metric.type,
    );
    if (members[0] !== each) return [];
    const scored = members.map((member) => ({
      metric: member.bound.metric,
      evaluation: member.evaluation,
    }));
    return [{ bound, opinion: kind.judgeTogether(scored, scoring, template) }];
  });
}
