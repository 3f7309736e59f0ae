import type { AnalysisState, MetricState } from '../../../api/kinds/release/verdict.ts';
import type { BoundMetric } from '../../../api/bound.ts';
import { metricsOf } from '../../../api/bound.ts';
import type { BoundTemplate } from '../../../api/kinds/template/bound.ts';
import { kindOfMetric } from '../kinds.ts';

/** An earlier release of the same workload, with the state of its analysis. */
export interface Former {
  templates: readonly BoundTemplate[];
  analysis: AnalysisState;
}

/**
 * What a release begins with: the dispersion that the newest of the former releases learnt for the same metric of the
 * same template. It holds until the release's own history replaces it. No evidence and no counts are inherited.
 * `undefined`: nothing was learnt.
 */
export function inheritedState(
  templates: readonly BoundTemplate[],
  formers: readonly Former[],
): AnalysisState | undefined {
  const metrics = metricsOf(templates).flatMap((bound) => {
    for (const former of formers) {
      const state = inheritedFrom(former, bound);
      if (state !== undefined) return [[bound.key, state] as const];
    }
    return [];
  });
  if (metrics.length === 0) return undefined;
  return { version: 1, step: 0, gaps: 0, metrics: Object.fromEntries(metrics), verdicts: [] };
}

function inheritedFrom({ templates, analysis }: Former, bound: BoundMetric): MetricState | undefined {
  const { key, metric } = bound;
  const same = metricsOf(templates).find((each) => each.key === key);
  const state = analysis.metrics[key];
  if (state === undefined || same?.bound.use.template !== bound.bound.use.template) return undefined;
  return metric.type === state.type ? kindOfMetric(metric).memory.inherited?.(state, metric) : undefined;
}
