import type { KubeObject } from '../../../api/kube.ts';
import type { Backends } from '../proxy/backends.ts';
import { clusterNames } from '../proxy/envoy-clusters.ts';
import { CONTROLLERS } from './gateway-classes.ts';
import { RouteRule } from './route-rule.ts';
import type { RawRule } from './route-rule.ts';
import type { ServedHost } from './route-status.ts';
import type { RoutedRequest } from './routing.ts';

/** One match of one rule under one host. */
export interface Entry {
  /** a host name, or a wildcard; "": any */
  hostname: string;
  covers(request: RoutedRequest): boolean;
  /** the more specific match wins, number by number */
  rank: readonly number[];
  rule: RouteRule;
  /** the port of the listener that serves it */
  port: number;
  /** the path prefix that the match asks for */
  prefix: string | undefined;
}

/** The entries that a route adds to the table, for each host under which it is served. */
export type EntriesOf = (route: KubeObject, hosts: readonly ServedHost[], backends: Backends) => Entry[];

/** How the matches of one kind of route are read; a rule without matches has one without conditions. */
export interface Matching<Match> {
  anything: Match;
  covers: (match: Match, request: RoutedRequest) => boolean;
  /** the order of the Gateway API, most important first */
  specificity: (match: Match) => number[];
  /** the path prefix that a match asks for; absent: the kind of route has none */
  prefixOf?: (match: Match) => string | undefined;
}

export const entriesBy =
  <Match>({ anything, covers, specificity, prefixOf }: Matching<Match>): EntriesOf =>
  (route, hosts, backends) => {
    const rules = (route.spec?.['rules'] ?? []) as unknown as (RawRule & { matches?: Match[] })[];
    const namespace = route.metadata.namespace ?? '';
    return rules.flatMap((raw, i) => {
      const plain = new RouteRule(raw, { namespace, backends });
      const clusters = clusterNames(route, raw, i);
      const byEnvoy = new RouteRule(raw, { namespace, backends, clusters });
      return (raw.matches ?? [anything]).flatMap((match) =>
        hosts.map(({ hostname, by, port }) => ({
          hostname,
          port,
          prefix: prefixOf?.(match),
          rule: by === CONTROLLERS.envoyGateway ? byEnvoy : plain,
          rank: specificity(match),
          covers: (request: RoutedRequest) => covers(match, request),
        })),
      );
    });
  };
