import type { BoundTemplate } from './kinds/template/bound.ts';
import { readyMade, type Metric } from './kinds/template/metric.ts';
import type { Preset, ReadyMade } from './kinds/template/preset.ts';
import type { Issue, Result } from '../lib/result.ts';

/** One metric of a release, with the key it has in measurements, in running statistics and in verdicts. */
export interface BoundMetric {
  key: string;
  metric: Metric;
  bound: BoundTemplate;
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

/** The name of the preset that fits, or a sentence (without a full stop) that says why none fits, and perhaps what to do. */
export type InUse = string | { sentence: string; remedy?: string };

/**
 * Gives the queries of a preset to every metric that counts requests but has no queries: of the preset it names, or for
 * "auto" (or no name) of the one in use. Issues are an unknown name, "auto" where no preset fits, and a preset without
 * queries for this kind.
 */
export function resolvePresets(
  bound: BoundTemplate,
  presets: readonly Preset[],
  inUse: InUse,
): Result<BoundTemplate> {
  const issues: Issue[] = [];
  const metrics = bound.template.metrics.map((metric, i): Metric => {
    const ready = readyMade(metric);
    if (ready === undefined || ready.given(metric).queries !== undefined) return metric;
    const { preset } = ready.given(metric);
    const resolved = withQueries(metric, ready, presets, inUse);
    if (!('message' in resolved)) return resolved;
    const path = `AnalysisTemplate ${bound.use.template}: spec.metrics[${i}].${metric.type}.preset`;
    issues.push({ path, value: preset ?? 'auto', ...resolved });
    return metric;
  });
  return issues.length > 0
    ? { ok: false, issues }
    : { ok: true, value: { ...bound, template: { ...bound.template, metrics } } };
}

/** The metric with the queries of its preset, or what is wrong with the preset. */
function withQueries(
  metric: Metric,
  ready: ReadyMade<Metric>,
  presets: readonly Preset[],
  inUse: InUse,
): Metric | Pick<Issue, 'message' | 'remedy'> {
  const { preset: given = 'auto' } = ready.given(metric);
  const chosen = given === 'auto' ? inUse : given;
  const usable = presets.filter((preset) => ready.filled(metric, preset) !== undefined);
  const names = usable.map((each) => each.name).join(', ');
  const remedy = `${names === '' ? '' : `name one of ${names}, or `}give queries of your own`;
  if (typeof chosen !== 'string') {
    return { message: `finds no queries that fit: ${chosen.sentence}`, remedy: chosen.remedy ?? remedy };
  }
  const preset = presets.find((candidate) => candidate.name === chosen);
  if (preset === undefined) return { message: 'is not a preset here', remedy };
  return ready.filled(metric, preset) ?? { message: `has no ${ready.lacks} (preset ${preset.name})`, remedy };
}
