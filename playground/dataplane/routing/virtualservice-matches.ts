import { headerOf, regexCovers, type RoutedRequest } from './routing.ts';

export interface StringMatch {
  exact?: string;
  prefix?: string;
  regex?: string;
}

/** One entry of `match`: a request has to meet all its conditions. */
export interface Match {
  uri?: StringMatch;
  ignoreUriCase?: boolean;
  scheme?: StringMatch;
  method?: StringMatch;
  authority?: StringMatch;
  headers?: Record<string, StringMatch>;
  withoutHeaders?: Record<string, StringMatch>;
  queryParams?: Record<string, StringMatch>;
  port?: number;
  gateways?: string[];
  sourceLabels?: Record<string, string>;
  sourceNamespace?: string;
}

export const MESH = 'mesh';

/**
 * The namespace of the requests that the playground makes, in the mesh and at its edge; they come from no pod
 * with labels.
 */
const SOURCE_NAMESPACE = 'istio-system';
const HTTP_PORT = 80;

/** `within`: does the request come from a sidecar, or through a gateway? */
export const matches = (match: Match, request: RoutedRequest, within: boolean): boolean =>
  comesFrom(match, within) &&
  (match.port === undefined || match.port === (request.port ?? HTTP_PORT)) &&
  textMatches(match.uri, request.path, match.ignoreUriCase) &&
  textMatches(match.scheme, 'http') &&
  textMatches(match.method, request.method) &&
  textMatches(match.authority, headerOf(request, 'host') ?? request.host) &&
  valuesMatch(match, request);

function valuesMatch(
  { headers = {}, withoutHeaders = {}, queryParams = {} }: Match,
  request: RoutedRequest,
): boolean {
  const header = (name: string) => headerOf(request, name);
  return (
    Object.entries(headers).every(([name, wanted]) => isThere(wanted, header(name))) &&
    !Object.entries(withoutHeaders).some(([name, without]) => isLeftOut(without, header(name))) &&
    Object.entries(queryParams).every(([name, wanted]) =>
      isThere(wanted, request.query.get(name) ?? undefined),
    )
  );
}

/** If the entry names gateways, the sender is not checked. */
function comesFrom(
  { gateways = [], sourceLabels = {}, sourceNamespace = '' }: Match,
  within: boolean,
): boolean {
  if (gateways.length > 0) return gateways.some((name) => (name === MESH) === within);
  return Object.keys(sourceLabels).length === 0 && ['', SOURCE_NAMESPACE].includes(sourceNamespace);
}

/** An empty condition, or Istio's own "*", means that the value is present. */
const isPresence = ({ exact, prefix, regex }: StringMatch): boolean =>
  exact === undefined && prefix === undefined && (regex === undefined || regex === '*');

const isThere = (wanted: StringMatch, actual: string | undefined): boolean =>
  actual !== undefined && (isPresence(wanted) || textMatches(wanted, actual));

/** A missing header counts as an empty one, unless the condition only asks whether it is present. */
const isLeftOut = (without: StringMatch, actual: string | undefined): boolean =>
  isPresence(without) ? actual !== undefined : textMatches(without, actual ?? '');

/**
 * A prefix is plain text: /a is a prefix of /ab. Expressions match the whole text, and always distinguish
 * case.
 */
function textMatches(wanted: StringMatch | undefined, actual: string, ignoreCase = false): boolean {
  const { exact, prefix, regex } = wanted ?? {};
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  if (exact !== undefined) return fold(actual) === fold(exact);
  if (prefix !== undefined) return fold(actual).startsWith(fold(prefix));
  return regex === undefined || regexCovers(regex, actual);
}

/** Fields that ask nothing of a request: where the match applies, and how its path is compared. */
const NO_CONDITIONS = ['uri', 'ignoreUriCase', 'gateways', 'name'];

/** Such a route takes every request to its host. */
export const isCatchAll = (match: Match): boolean =>
  Object.keys(match).every((field) => NO_CONDITIONS.includes(field)) &&
  (match.uri === undefined || match.uri.prefix === '/' || match.uri.regex === '.*');

/** A delegate's match has to be within that of the root's route, as far as Istio can compare the two. */
export function conflicts(above: Match, own: Match): boolean {
  const pairs = (a: Record<string, StringMatch> = {}, b: Record<string, StringMatch> = {}) =>
    Object.entries(b).map(([name, wanted]): [StringMatch | undefined, StringMatch] => [a[name], wanted]);
  const compared: [StringMatch | undefined, StringMatch | undefined][] = [
    [above.uri, own.uri],
    [above.scheme, own.scheme],
    [above.method, own.method],
    [above.authority, own.authority],
    ...pairs(above.headers, own.headers),
    ...pairs(above.headers, own.withoutHeaders),
    ...pairs(above.queryParams, own.queryParams),
  ];
  return (
    compared.some(([a, b]) => textsConflict(a, b)) ||
    (above.ignoreUriCase ?? false) !== (own.ignoreUriCase ?? false) ||
    (above.port !== undefined && own.port !== undefined && above.port !== own.port)
  );
}

function textsConflict(above: StringMatch | undefined, own: StringMatch | undefined): boolean {
  if (above === undefined || own === undefined) return false;
  if (above.regex !== undefined || own.regex !== undefined) return true;
  if (above.exact !== undefined) return own.exact !== above.exact;
  if (above.prefix === undefined) return true;
  return !(own.prefix ?? own.exact ?? '').startsWith(above.prefix);
}
