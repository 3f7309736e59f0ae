import { formatDuration } from '../../lib/duration.ts';
import { kindOfMetric } from '../../analysis/judge/kinds.ts';
import { limitOf } from '../../analysis/step/conclude.ts';
import { ladderOf } from '../../api/ladder.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Issue } from '../../lib/result.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';

/** Finds tests at planned looks whose last look lies after the end of a step: that step could never pass. */
export function unreachableLooks(policy: ReleasePolicy, templates: readonly BoundTemplate[]): Issue[] {
  const judged = ladderOf(policy).filter(({ weight }) => weight < 100);
  const { onInconclusive } = policy;
  const limits = judged.map(({ maxDurationMs }) => limitOf({ onInconclusive, maxDurationMs }));
  const shortestMs = Math.min(...limits);
  return templates.flatMap(({ use, template }) =>
    template.metrics.flatMap((metric, i) => {
      const horizonMs = kindOfMetric(metric).horizonMs?.(metric) ?? 0;
      if (metric.dryRun || horizonMs <= shortestMs) return [];
      return [
        {
          path: `AnalysisTemplate ${use.template}: spec.metrics[${i}].test.horizon`,
          value: formatDuration(horizonMs),
          message: `is longer than the policy's shortest step, which ends undecided after ${formatDuration(shortestMs)}`,
          remedy: 'shorten the horizon, or raise maxDuration of the steps',
        },
      ];
    }),
  );
}
