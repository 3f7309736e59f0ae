import { getInteger, getObjects, getString } from '../lib/json.ts';
import type { KubeObject } from '../api/kube.ts';
import { CLUSTER_DOMAIN } from '../api/names.ts';
import { pathsOf } from './nginx/ingress.ts';
import { istioReporters } from './presets.ts';
import { OFF } from './provider.ts';
import type { TrafficContext } from './provider.ts';

/**
 * The traffic variables of query templates, in a step that wants `split`. Values are bare, except those whose name ends in `Regex`: alternations
 * already escaped for RE2.
 * A list without members is empty, which a query must take for missing data.
 */
export function trafficVariables(context: TrafficContext, split = OFF): Record<string, string> {
  const stable = context.stableService.metadata.name;
  const names = context.routes.map(({ metadata }) => metadata.name);
  const ports = [...new Set(context.routes.flatMap((route) => portsTo(route, stable)))];
  return {
    namespace: context.namespace,
    target: context.target,
    clusterDomain: context.clusterDomain ?? CLUSTER_DOMAIN,
    stableService: stable,
    canaryService: context.canaryService,
    route: names[0] ?? '',
    ingress: names[0] ?? '',
    port: ports[0] ?? '',
    routeRegex: alternation(names),
    ingressRegex: alternation(names),
    portRegex: alternation(ports),
    traefikNamesRegex: alternation(names.map(dashed)),
    canaryClusterRegex: alternation(context.routes.flatMap((r) => envoyClusters(r, context.canaryService))),
    stableClusterRegex: alternation(
      context.routes.flatMap((r) => [...envoyClusters(r, stable), ...wholeRules(r, stable)]),
    ),
    ...istioReporters(split, context.stableService),
  };
}

/** Ports by which a route reaches the Service, as it writes them: number or name. */
function portsTo(route: KubeObject, service: string): string[] {
  const ingress = pathsOf(route)
    .filter((path) => path.service === service)
    .map(({ port }) => getInteger(port, 'number')?.toString() ?? getString(port, 'name'));
  const gateway = getObjects(route, 'spec', 'rules')
    .flatMap((rule) => getObjects(rule, 'backendRefs'))
    .filter((ref) => getString(ref, 'name') === service)
    .map((ref) => getInteger(ref, 'port')?.toString());
  return [...ingress, ...gateway].filter((port) => port !== undefined);
}

const placeOf = ({ kind, metadata: { namespace = '', name } }: KubeObject, rule: number): string =>
  `${kind.toLowerCase()}/${namespace}/${name}/rule/${rule}`;

/** Names Envoy Gateway gives to the clusters of a route's backendRefs that send to the Service, and of its filters that copy to it. */
function envoyClusters(route: KubeObject, service: string): string[] {
  return getObjects(route, 'spec', 'rules').flatMap((rule, i) => {
    const cluster = placeOf(route, i);
    const refs = getObjects(rule, 'backendRefs').map(
      (ref, j) => getString(ref, 'name') === service && `${cluster}/backend/${j}`,
    );
    const copies = getObjects(rule, 'filters').map(
      (filter, j) =>
        getString(filter, 'requestMirror', 'backendRef', 'name') === service && `${cluster}-mirror-${j}`,
    );
    return [...refs, ...copies].filter((one) => one !== false);
  });
}

/**
 * Where no backendRef of weight above 0 has a filter, all of a rule share one cluster, which has the rule's name. It counts for stable while
 * the Service is alone in it. The canary's backendRef always has a filter, so the cluster is gone while requests go there, and what it has
 * counted was stable's alone: a window may reach back to it. For the canary it never counts: it may have been stable's a moment ago.
 */
function wholeRules(route: KubeObject, stable: string): string[] {
  return getObjects(route, 'spec', 'rules').flatMap((rule, i) => {
    const serving = getObjects(rule, 'backendRefs').filter((ref) => getInteger(ref, 'weight') !== 0);
    const isAlone = serving.length > 0 && serving.every((ref) => getString(ref, 'name') === stable);
    return isAlone ? [placeOf(route, i)] : [];
  });
}

/** As Traefik writes names of others into its own. */
export const dashed = (name: string): string => name.replaceAll(/[^A-Za-z0-9]+/g, '-');

/** RE2 that matches any of these names and nothing else. */
export function alternation(values: readonly string[]): string {
  return values.map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
}
