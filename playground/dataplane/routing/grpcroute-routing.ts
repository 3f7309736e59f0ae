import { headersMatch } from './httproute-routing.ts';
import type { ValueMatch } from './httproute-routing.ts';
import { entriesBy } from './route-entries.ts';
import { isGrpc, regexCovers } from './routing.ts';
import type { RoutedRequest } from './routing.ts';

interface Match {
  method?: { type?: string; service?: string; method?: string };
  headers?: ValueMatch[];
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

/** Longest service, longest method, most headers: the order of the Gateway API. */
function specificity({ method, headers }: Match): number[] {
  return [method?.service?.length ?? 0, method?.method?.length ?? 0, headers?.length ?? 0];
}

/** Calls are POSTs to /<service>/<method>. */
export const grpcEntries = entriesBy<Match>({ anything: {}, covers: matches, specificity });
