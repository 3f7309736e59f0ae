import type { JsonObject } from '../../../lib/json.ts';
import {
  filterList,
  grpcMethod,
  httpRule,
  mirrorShare,
  parentList,
  pathValue,
  properFraction,
  routeTimeouts,
  ruleList,
  starAlone,
  union,
  withPort,
} from './rules.ts';
import { flag, int32, list, object, text, whole, words } from './words.ts';

/** `spec` of HTTPRoute and GRPCRoute, from the reference pages of the Gateway API (v1, standard channel). */

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS_NAME = `${LABEL}(\\.${LABEL})*`;
const PORT = whole(1, 65_535, { format: 'int32' });
const HEADER_NAME = text({ minLength: 1, maxLength: 256, pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$" });
/**
 * The pattern is only in the experimental channel; a value that matches it is valid in both. It is written so
 * that it reads every text in one pass.
 */
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

const parentRefs = parentList(
  list(object({ ...reference('gateway.networking.k8s.io', 'Gateway'), sectionName: SECTION }, ['name']), {
    maxItems: 32,
  }),
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

const changePath = union(
  { ReplaceFullPath: 'replaceFullPath', ReplacePrefixMatch: 'replacePrefixMatch' },
  object(
    {
      type: words('ReplaceFullPath', 'ReplacePrefixMatch'),
      replaceFullPath: text({ maxLength: 1024 }),
      replacePrefixMatch: text({ maxLength: 1024 }),
    },
    ['type'],
  ),
);

const filtersOfBoth = {
  requestHeaderModifier: changeHeaders,
  responseHeaderModifier: changeHeaders,
  requestMirror: mirrorShare(
    object(
      {
        backendRef: withPort(object(reference('', 'Service'), ['name'])),
        percent: whole(0, 100, { format: 'int32' }),
        fraction: properFraction(
          object(
            { numerator: { ...int32, minimum: 0 }, denominator: { ...int32, minimum: 1, default: 100 } },
            ['numerator'],
          ),
        ),
      },
      ['backendRef'],
    ),
  ),
  extensionRef: object({ group: GROUP, kind: KIND, name: NAME }, ['group', 'kind', 'name']),
};
const FILTERS_OF_BOTH = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  ExtensionRef: 'extensionRef',
};
const FILTERS_OF_HTTP = {
  ...FILTERS_OF_BOTH,
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  CORS: 'cors',
};
const ONCE = ['RequestHeaderModifier', 'ResponseHeaderModifier'];

const uniqueTexts = (items: JsonObject, maxItems: number): JsonObject =>
  list(items, { maxItems, 'x-kubernetes-list-type': 'set' });
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

const httpFilter = object(
  {
    type: words(...Object.keys(FILTERS_OF_HTTP)),
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
      allowOrigins: starAlone(
        uniqueTexts(
          text({ minLength: 1, maxLength: 253, pattern: '^(\\*|https?://[a-z]+(\\.[a-z]+)*)$' }),
          64,
        ),
      ),
      allowMethods: starAlone(uniqueTexts(words(...METHODS, '*'), 9)),
      allowHeaders: starAlone(uniqueTexts(HEADER_NAME, 64)),
      exposeHeaders: uniqueTexts(HEADER_NAME, 64),
      allowCredentials: flag,
      maxAge: { ...int32, minimum: 1, default: 5 },
    }),
  },
  ['type'],
);
const httpFilters = filterList(
  list(union(FILTERS_OF_HTTP, httpFilter), { maxItems: 16 }),
  [...ONCE, 'RequestRedirect', 'URLRewrite', 'CORS'],
  ['RequestRedirect', 'URLRewrite'],
);
const grpcFilter = object({ type: words(...Object.keys(FILTERS_OF_BOTH)), ...filtersOfBoth }, ['type']);
const grpcFilters = filterList(list(union(FILTERS_OF_BOTH, grpcFilter), { maxItems: 16 }), ONCE);

const backendRefs = (filters: JsonObject): JsonObject =>
  list(
    withPort(
      object(
        {
          ...reference('', 'Service'),
          weight: whole(0, 1_000_000, { format: 'int32', default: 1 }),
          filters,
        },
        ['name'],
      ),
    ),
    { maxItems: 16 },
  );

const matchesByName = (value: JsonObject): JsonObject =>
  list(object({ type: EXACT_OR_PATTERN, name: HEADER_NAME, value }, ['name', 'value']), {
    maxItems: 16,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  });
const headers = matchesByName(HEADER_VALUE);

const httpMatches = list(
  object({
    path: {
      ...pathValue(
        object({
          type: { ...words('Exact', 'PathPrefix', 'RegularExpression'), default: 'PathPrefix' },
          value: text({ maxLength: 1024, default: '/' }),
        }),
      ),
      default: ANY_PATH,
    },
    headers,
    queryParams: matchesByName(text({ minLength: 1, maxLength: 1024 })),
    method: words(...METHODS),
  }),
  { maxItems: 64, default: [{ path: ANY_PATH }] },
);
const grpcMatches = list(
  object({
    method: grpcMethod(
      object({
        type: EXACT_OR_PATTERN,
        service: text({ maxLength: 1024 }),
        method: text({ maxLength: 1024 }),
      }),
    ),
    headers,
  }),
  { maxItems: 64 },
);

const route = (rule: JsonObject, limits: JsonObject): JsonObject =>
  object({
    parentRefs,
    hostnames: list(HOST, { maxItems: 16 }),
    rules: ruleList(list(rule, { maxItems: 16, ...limits })),
  });

export const httpRouteSpec = route(
  httpRule(
    object({
      name: SECTION,
      matches: httpMatches,
      filters: httpFilters,
      backendRefs: backendRefs(httpFilters),
      timeouts: routeTimeouts(object({ request: DURATION, backendRequest: DURATION })),
    }),
  ),
  { minItems: 1, default: [{ matches: [{ path: ANY_PATH }] }] },
);

export const grpcRouteSpec = route(
  object({
    name: SECTION,
    matches: grpcMatches,
    filters: grpcFilters,
    backendRefs: backendRefs(grpcFilters),
  }),
  {},
);
