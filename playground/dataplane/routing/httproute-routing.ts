import { entriesBy } from './route-entries.ts';
import { headerOf, prefixCovers, regexCovers } from './routing.ts';
import type { RoutedRequest } from './routing.ts';

export interface ValueMatch {
  type?: string;
  name: string;
  value: string;
}

interface Match {
  path?: { type?: string; value?: string };
  headers?: ValueMatch[];
  queryParams?: ValueMatch[];
  method?: string;
}

function matches(match: Match, request: RoutedRequest): boolean {
  if (match.method !== undefined && match.method !== request.method) return false;
  if (!pathMatches(match.path ?? {}, request.path)) return false;
  return (
    headersMatch(match.headers, request) &&
    (match.queryParams ?? []).every((one) => valueMatches(one, request.query.get(one.name) ?? undefined))
  );
}

export function headersMatch(headers: readonly ValueMatch[] = [], request: RoutedRequest): boolean {
  return headers.every((one) => valueMatches(one, headerOf(request, one.name)));
}

function pathMatches(path: { type?: string; value?: string }, actual: string): boolean {
  const value = path.value ?? '/';
  if (path.type === 'Exact') return actual === value;
  if (path.type === 'RegularExpression') return regexCovers(value, actual);
  return prefixCovers(value, actual);
}

function valueMatches({ type, value }: ValueMatch, actual: string | undefined): boolean {
  if (actual === undefined) return false;
  return type === 'RegularExpression' ? regexCovers(value, actual) : value === actual;
}

/** Exact path, longest path, method, most headers, most query parameters: the order of the Gateway API. */
function specificity(match: Match): number[] {
  return [
    match.path?.type === 'Exact' ? 1 : 0,
    (match.path?.value ?? '/').length,
    match.method === undefined ? 0 : 1,
    match.headers?.length ?? 0,
    match.queryParams?.length ?? 0,
  ];
}

export const httpEntries = entriesBy<Match>({
  anything: {},
  covers: matches,
  specificity,
  prefixOf: ({ path }) => ((path?.type ?? 'PathPrefix') === 'PathPrefix' ? (path?.value ?? '/') : undefined),
});
