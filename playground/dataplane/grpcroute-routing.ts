import type { KubeObject } from '../../api/kube.ts';
import type { Backends } from './backends.ts';
import { headersMatch } from './httproute-routing.ts';
import type { ValueMatch } from './httproute-routing.ts';
import type { Entry } from './route-table.ts';
import { RouteRule } from './route-rule.ts';
import type { RawRule } from './route-rule.ts';
import { isGrpc, regexCovers } from './routing.ts';
import type { RoutedRequest } from './routing.ts';

interface Match {
  method?: { type?: string; service?: string; method?: string };
  headers?: ValueMatch[];
}

/** What a GRPCRoute adds to the table, for each host it is served under: calls are POSTs to /<service>/<method>. */
export function grpcEntries(route: KubeObject, hosts: readonly string[], backends: Backends): Entry[] {
  const rules = (route.spec?.['rules'] ?? []) as unknown as (RawRule & { matches?: Match[] })[];
  return rules.flatMap((raw) => {
    const rule = new RouteRule(raw, route.metadata.namespace ?? '', backends);
    return (raw.matches ?? [{}]).flatMap((match) =>
      hosts.map((hostname) => ({
        hostname,
        rule,
        rank: specificity(match),
        covers: (request: RoutedRequest) => matches(match, request),
      })),
    );
  });
}

function matches({ method = {}, headers }: Match, request: RoutedRequest): boolean {
  if (request.method !== 'POST' || !isGrpc(request.headers)) return false;
  const [, service, called] = /^\/([^/]+)\/([^/]+)$/.exec(request.path) ?? [];
  if (service === undefined || called === undefined) return false;
  const same = (wanted: string | undefined, actual: string): boolean => {
    if (wanted === undefined || wanted === '') return true;
    return method.type === 'RegularExpression' ? regexCovers(wanted, actual) : wanted === actual;
  };
  return same(method.service, service) && same(method.method, called) && headersMatch(headers, request);
}

/** Longest service, longest method, most headers: the order the Gateway API gives. */
function specificity({ method, headers }: Match): number[] {
  return [method?.service?.length ?? 0, method?.method?.length ?? 0, headers?.length ?? 0];
}
