import type { TargetName } from '../../api/target-key.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import { PRESETS } from '../../providers/index.ts';
import type { ControllerConfig } from '../model.ts';

/**
 * With `--enforce-namespace-matcher`, templates of a tenant may read only series of their own namespace. Those of the
 * controller's namespace may read everything. So may Sluice's own queries: they name the namespace in labels of their
 * own.
 */
export function fencedTemplates(
  templates: readonly BoundTemplate[],
  { config, key }: { config: ControllerConfig; key: TargetName },
): BoundTemplate[] {
  if (config.namespaceMatcher !== true) return [...templates];
  return templates.map((bound) => {
    if (bound.shared === true) return bound;
    const metrics = bound.template.metrics.filter((metric) => !isReadyMade(metric)).map(({ name }) => name);
    return { ...bound, fence: { label: 'namespace', value: key.namespace, metrics } };
  });
}

const READY_MADE: ReadonlySet<string> = new Set(
  PRESETS.flatMap(({ errorRate, latency }) =>
    [errorRate, latency].flatMap((arms) => (arms === undefined ? [] : [textOf(arms.canary, arms.stable)])),
  ),
);

/** Is the text equal to one of the presets? A user who writes the same text may read the same series. */
function isReadyMade(metric: Metric): boolean {
  if (!('queries' in metric)) return false;
  return READY_MADE.has(textOf(metric.queries.canary, metric.queries.stable));
}

function textOf(...arms: object[]): string {
  return JSON.stringify(arms.map((arm) => Object.entries(arm).sort(([a], [b]) => (a < b ? -1 : 1))));
}
