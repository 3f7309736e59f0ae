import type { JsonObject } from '../../../api/kube.ts';
import { flag, int32, list, object, text, whole, words } from './words.ts';

/** `spec` of HTTPRoute and GRPCRoute, by the reference pages of the Gateway API (v1, standard channel). */

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS_NAME = `${LABEL}(\\.${LABEL})*`;
const PORT = whole(1, 65_535, { format: 'int32' });
const HEADER_NAME = text({ minLength: 1, maxLength: 256, pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$" });
/** The pattern stands in the experimental channel only; what fits it fits both. Written so that it reads every text in one go. */
const HEADER_VALUE = text({ minLength: 1, maxLength: 4096, pattern: '^[!-~]+([\\t ][!-~]+)*$' });
const SECTION = text({ minLength: 1, maxLength: 253, pattern: `^${DNS_NAME}$` });
const HOST = text({ minLength: 1, maxLength: 253, pattern: `^(\\*\\.)?${DNS_NAME}$` });
const NAMESPACE = text({ minLength: 1, maxLength: 63, pattern: `^${LABEL}$` });
const NAME = text({ minLength: 1, maxLength: 253 });
const GROUP = text({ maxLength: 253, pattern: `^$|^${DNS_NAME}$` });
const KIND = text({ minLength: 1, maxLength: 63, pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$' });
const DURATION = text({ pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$' });
const EXACT_OR_PATTERN = { ...words('Exact', 'RegularExpression'), default: 'Exact' };
const ANY_PATH = { type: 'PathPrefix', value: '/' };

const reference = (group: string, kind: string): JsonObject => ({
  group: { ...GROUP, default: group },
  kind: { ...KIND, default: kind },
  name: NAME,
  namespace: NAMESPACE,
  port: PORT,
});

const parentRefs = list(
  object({ ...reference('gateway.networking.k8s.io', 'Gateway'), sectionName: SECTION }, ['name']),
  { maxItems: 32 },
);

const setHeaders = list(object({ name: HEADER_NAME, value: HEADER_VALUE }, ['name', 'value']), {
  maxItems: 16,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
});
const changeHeaders = object({
  set: setHeaders,
  add: setHeaders,
  remove: list(text(), { maxItems: 16, 'x-kubernetes-list-type': 'set' }),
});

const changePath = object(
  {
    type: words('ReplaceFullPath', 'ReplacePrefixMatch'),
    replaceFullPath: text({ maxLength: 1024 }),
    replacePrefixMatch: text({ maxLength: 1024 }),
  },
  ['type'],
);

const filtersOfBoth = {
  requestHeaderModifier: changeHeaders,
  responseHeaderModifier: changeHeaders,
  requestMirror: object(
    {
      backendRef: object(reference('', 'Service'), ['name']),
      percent: whole(0, 100, { format: 'int32' }),
      fraction: object(
        { numerator: { ...int32, minimum: 0 }, denominator: { ...int32, minimum: 1, default: 100 } },
        ['numerator'],
      ),
    },
    ['backendRef'],
  ),
  extensionRef: object({ group: GROUP, kind: KIND, name: NAME }, ['group', 'kind', 'name']),
};
const FILTERS_OF_BOTH = ['RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestMirror', 'ExtensionRef'];

const uniqueTexts = (items: JsonObject, maxItems: number): JsonObject =>
  list(items, { maxItems, 'x-kubernetes-list-type': 'set' });
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

const httpFilters = list(
  object(
    {
      type: words(...FILTERS_OF_BOTH, 'RequestRedirect', 'URLRewrite', 'CORS'),
      ...filtersOfBoth,
      requestRedirect: object({
        scheme: words('http', 'https'),
        hostname: SECTION,
        path: changePath,
        port: PORT,
        statusCode: { type: 'integer', enum: [301, 302, 303, 307, 308], default: 302 },
      }),
      urlRewrite: object({ hostname: SECTION, path: changePath }),
      cors: object({
        allowOrigins: uniqueTexts(
          text({ minLength: 1, maxLength: 253, pattern: '^(\\*|https?://[a-z.]+)$' }),
          64,
        ),
        allowMethods: uniqueTexts(words(...METHODS, '*'), 9),
        allowHeaders: uniqueTexts(HEADER_NAME, 64),
        exposeHeaders: uniqueTexts(HEADER_NAME, 64),
        allowCredentials: flag,
        maxAge: { ...int32, minimum: 1, default: 5 },
      }),
    },
    ['type'],
  ),
  { maxItems: 16 },
);
const grpcFilters = list(object({ type: words(...FILTERS_OF_BOTH), ...filtersOfBoth }, ['type']), {
  maxItems: 16,
});

const backendRefs = (filters: JsonObject): JsonObject =>
  list(
    object(
      { ...reference('', 'Service'), weight: whole(0, 1_000_000, { format: 'int32', default: 1 }), filters },
      ['name'],
    ),
    { maxItems: 16 },
  );

const matchesByName = list(
  object({ type: EXACT_OR_PATTERN, name: HEADER_NAME, value: HEADER_VALUE }, ['name', 'value']),
  { maxItems: 16, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
);

const httpMatches = list(
  object({
    path: {
      ...object({
        type: { ...words('Exact', 'PathPrefix', 'RegularExpression'), default: 'PathPrefix' },
        value: text({ maxLength: 1024, default: '/' }),
      }),
      default: ANY_PATH,
    },
    headers: matchesByName,
    queryParams: matchesByName,
    method: words(...METHODS),
  }),
  { maxItems: 64, default: [{ path: ANY_PATH }] },
);
const grpcMatches = list(
  object({
    method: object({
      type: EXACT_OR_PATTERN,
      service: text({ maxLength: 1024 }),
      method: text({ maxLength: 1024 }),
    }),
    headers: matchesByName,
  }),
  { maxItems: 64 },
);

const route = (rule: JsonObject, limits: JsonObject): JsonObject =>
  object({
    parentRefs,
    hostnames: list(HOST, { maxItems: 16 }),
    rules: list(object({ name: SECTION, ...rule }), { maxItems: 16, ...limits }),
  });

export const httpRouteSpec = route(
  {
    matches: httpMatches,
    filters: httpFilters,
    backendRefs: backendRefs(httpFilters),
    timeouts: object({ request: DURATION, backendRequest: DURATION }),
  },
  { minItems: 1, default: [{ matches: [{ path: ANY_PATH }] }] },
);

export const grpcRouteSpec = route(
  { matches: grpcMatches, filters: grpcFilters, backendRefs: backendRefs(grpcFilters) },
  {},
);
