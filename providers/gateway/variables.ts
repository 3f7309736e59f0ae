import { getInteger, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { TrafficContext } from '../provider.ts';
import { alternation, dashed } from '../shared/names.ts';

/** The names by which the queries of Envoy Gateway and Traefik select routes. */
export function gatewayVariables({
  routes,
  canaryService,
  stableService,
}: TrafficContext): Record<string, string> {
  const stable = stableService.metadata.name;
  return {
    traefikNamesRegex: alternation(routes.map(({ metadata }) => dashed(metadata.name))),
    canaryClusterRegex: alternation(routes.flatMap((r) => envoyClusters(r, canaryService))),
    stableClusterRegex: alternation(
      routes.flatMap((r) => [...envoyClusters(r, stable), ...wholeRules(r, stable)]),
    ),
  };
}

/** Ports by which a route reaches the Service. */
export const gatewayPorts = (route: KubeObject, service: string): string[] =>
  getObjects(route, 'spec', 'rules')
    .flatMap((rule) => getObjects(rule, 'backendRefs'))
    .filter((ref) => getString(ref, 'name') === service)
    .flatMap((ref) => getInteger(ref, 'port')?.toString() ?? []);

const placeOf = ({ kind, metadata: { namespace = '', name } }: KubeObject, rule: number): string =>
  `${kind.toLowerCase()}/${namespace}/${name}/rule/${rule}`;

/**
 * Names that Envoy Gateway gives to the clusters of a route's backendRefs that send to the Service, and of
 * its filters that copy to it.
 */
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
 * If no backendRef of weight above 0 has a filter, all backends of a rule share one cluster, which has the
 * rule's name. This cluster counts for stable while the rule has only the stable Service. The canary's
 * backendRef always has a filter, so the cluster does not exist while requests go to the canary, and all its
 * counts are stable's: a window may reach back to it. For the canary it never counts: a moment ago it may
 * have been stable's.
 */
function wholeRules(route: KubeObject, stable: string): string[] {
  return getObjects(route, 'spec', 'rules').flatMap((rule, i) => {
    const serving = getObjects(rule, 'backendRefs').filter((ref) => getInteger(ref, 'weight') !== 0);
    const isAlone = serving.length > 0 && serving.every((ref) => getString(ref, 'name') === stable);
    return isAlone ? [placeOf(route, i)] : [];
  });
}
