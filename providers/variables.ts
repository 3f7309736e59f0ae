import type { KubeObject } from '../api/kube.ts';
import { CLUSTER_DOMAIN } from '../api/names.ts';
import type { Provider, Split, TrafficContext } from './provider.ts';
import { alternation } from './shared/names.ts';

/**
 * The traffic variables of query templates, in a step that wants `split`. Values are bare, except those whose
 * name ends in `Regex`: alternations already escaped for RE2. A list without members becomes an empty text,
 * which a query must treat as missing data.
 */
export function variablesBy(
  providers: readonly Provider[],
  context: TrafficContext,
  split: Split,
): Record<string, string> {
  const stable = context.stableService.metadata.name;
  const names = context.routes.map(({ metadata }) => metadata.name);
  const portsOf = (route: KubeObject) => providers.flatMap((each) => each.portsTo?.(route, stable) ?? []);
  const ports = [...new Set(context.routes.flatMap(portsOf))];
  const own = providers.map((each) => each.routeVariables?.(context) ?? {});
  return {
    namespace: context.namespace,
    target: context.target,
    clusterDomain: context.clusterDomain ?? CLUSTER_DOMAIN,
    stableService: stable,
    canaryService: context.canaryService,
    route: names[0] ?? '',
    port: ports[0] ?? '',
    routeRegex: alternation(names),
    portRegex: alternation(ports),
    ...together(own),
    ...splitVariablesBy(providers, split, context.stableService),
  };
}

/** The variables that depend only on the split, whatever the routes. */
export const splitVariablesBy = (
  providers: readonly Provider[],
  split: Split,
  stableService?: KubeObject,
): Record<string, string> =>
  together(providers.map((each) => each.splitVariables?.(split, stableService) ?? {}));

const together = (parts: readonly Record<string, string>[]): Record<string, string> =>
  Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
