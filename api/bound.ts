import type { BoundTemplate } from './kinds/template/bound.ts';
import type { ErrorRateMetric, ErrorRateQueries } from './kinds/template/kinds/error-rate.ts';
import type { LatencyMetric, LatencyQueries } from './kinds/template/kinds/latency.ts';
import type { Metric } from './kinds/template/metric.ts';
import type { Issue, Result } from '../lib/result.ts';

/** One metric of a release, with the key it has in measurements, in running statistics and in verdicts. */
export interface BoundMetric {
  key: string;
  metric: Metric;
  bound: BoundTemplate;
}

/** Queries under the name templates use for them; providers/provider.ts hands them out. */
export interface Preset {
  name: string;
  canary: ErrorRateQueries;
  stable: ErrorRateQueries;
  /** absent: the back end exports no histogram that can be told apart by arm */
  latency?: { canary: LatencyQueries; stable: LatencyQueries };
}

/**
 * All metrics in order. The key is the metric's name where that is unique, else `template/name`, else that with `#2`,
 * `#3` … appended; it does not change while the list of templates stays the same.
 */
export function metricsOf(templates: readonly BoundTemplate[]): BoundMetric[] {
  const all = templates.flatMap((bound) => bound.template.metrics.map((metric) => ({ metric, bound })));
  const taken = new Set<string>();
  return all.map(({ metric, bound }) => {
    const alone = all.filter((other) => other.metric.name === metric.name).length === 1;
    const base = alone ? metric.name : `${bound.use.template}/${metric.name}`;
    let key = base;
    for (let i = 2; taken.has(key); i++) key = `${base}#${i}`;
    taken.add(key);
    return { key, metric, bound };
  });
}

/** The name of the preset that fits, or a sentence (no full stop): why none does, and perhaps what to do about it. */
export type InUse = string | { sentence: string; remedy?: string };

/**
 * Gives every error-rate and latency metric without queries those of its preset: the one it names, or for "auto" (or no name)
 * the one in use. An unknown name, "auto" where none fits, or a preset without histograms for a latency metric is an issue.
 */
export function resolvePresets(
  bound: BoundTemplate,
  presets: readonly Preset[],
  inUse: InUse,
): Result<BoundTemplate> {
  const issues: Issue[] = [];
  const metrics = bound.template.metrics.map((metric, i): Metric => {
    if (metric.type !== 'errorRate' && metric.type !== 'latency') return metric;
    if (metric.queries !== undefined) return metric;
    const resolved = withQueries(metric, presets, inUse);
    if (!('message' in resolved)) return resolved;
    const path = `AnalysisTemplate ${bound.use.template}: spec.metrics[${i}].${metric.type}.preset`;
    issues.push({ path, value: metric.preset ?? 'auto', ...resolved });
    return metric;
  });
  return issues.length > 0
    ? { ok: false, issues }
    : { ok: true, value: { ...bound, template: { ...bound.template, metrics } } };
}

/** The metric with the queries of its preset, or what is wrong with the preset. */
function withQueries(
  metric: ErrorRateMetric | LatencyMetric,
  presets: readonly Preset[],
  inUse: InUse,
): Metric | Pick<Issue, 'message' | 'remedy'> {
  const auto = metric.preset === undefined || metric.preset === 'auto';
  const chosen = auto ? inUse : (metric.preset ?? '');
  const usable = presets.filter(({ latency }) => metric.type === 'errorRate' || latency !== undefined);
  const names = usable.map((each) => each.name).join(', ');
  const remedy = `${names === '' ? '' : `name one of ${names}, or `}give queries of your own`;
  if (typeof chosen !== 'string') {
    return { message: `finds no queries that fit: ${chosen.sentence}`, remedy: chosen.remedy ?? remedy };
  }
  const preset = presets.find((candidate) => candidate.name === chosen);
  if (preset === undefined) return { message: 'is not a preset here', remedy };
  if (metric.type === 'errorRate') {
    return { ...metric, queries: { canary: preset.canary, stable: preset.stable } };
  }
  if (preset.latency !== undefined) return { ...metric, queries: preset.latency };
  return { message: `has no histogram of durations (preset ${preset.name})`, remedy };
}
