import type { AnalysisState, MetricState } from '../../../api/kinds/release/verdict.ts';
import type { BoundMetric } from '../../../api/bound.ts';
import { metricsOf } from '../../../api/bound.ts';
import type { BoundTemplate } from '../../../api/kinds/template/bound.ts';
import { inherit, learnt } from './comparison.ts';
import { readErrorRate, writeErrorRate } from '../error-rate/state.ts';
import { forQuantiles, readLatency, writeLatency } from '../latency/state.ts';

/** An earlier release of the same workload, and what its analysis had come to. */
export interface Former {
  templates: readonly BoundTemplate[];
  analysis: AnalysisState;
}

/**
 * What a release begins with: the dispersion that the newest of the former releases learnt for the same metric of the same template.
 * It holds until a history of its own replaces it. No evidence and no counts are inherited. `undefined`: nothing was learnt.
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
  if (metric.type === 'errorRate' && state.type === 'errorRate') return errorRate(state);
  return metric.type === 'latency' && state.type === 'latency' ? latency(state, metric.quantiles) : undefined;
}

function errorRate(state: MetricState): MetricState | undefined {
  const former = readErrorRate(state);
  return former.windows === 0 ? undefined : writeErrorRate(inherit(readErrorRate(undefined), learnt(former)));
}

/** Each quantile has a dispersion of its own. */
function latency(state: MetricState, quantiles: readonly number[]): MetricState | undefined {
  const former = readLatency(state).thresholds.filter(({ windows }) => windows > 0);
  if (former.length === 0) return undefined;
  const fresh = forQuantiles(readLatency(undefined), quantiles);
  const thresholds = fresh.thresholds.map((threshold) => {
    const same = former.find(({ quantile }) => quantile === threshold.quantile);
    return same === undefined ? threshold : inherit(threshold, learnt(same));
  });
  return writeLatency({ ...fresh, thresholds });
}
