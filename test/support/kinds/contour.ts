import { flag, list, object, text, whole, words } from './words.ts';

/**
 * `spec` of HTTPProxy, from the Go types in Contour's apis/projectcontour/v1: the fields that may surround
 * the weights.
 */

const NAME = text({ minLength: 1 });
const headerValues = list(object({ name: NAME, value: NAME }, ['name', 'value']));
const headers = object({ set: headerValues, remove: list(text()) });
const headerCondition = object(
  { name: text(), present: flag, contains: text(), notcontains: text(), exact: text(), notexact: text() },
  ['name'],
);
const condition = object({ prefix: text(), exact: text(), regex: text(), header: headerCondition });
const balancing = object({ strategy: text() });
const cookieRewrite = object({ name: NAME, secure: flag, sameSite: words('Strict', 'Lax', 'None') }, [
  'name',
]);

const service = object(
  {
    name: text(),
    port: whole(1, 65_535),
    protocol: words('h2', 'h2c', 'tls'),
    weight: whole(0, Number.MAX_SAFE_INTEGER),
    mirror: flag,
    requestHeadersPolicy: headers,
    responseHeadersPolicy: headers,
  },
  ['name', 'port'],
);

const route = object({
  conditions: list(condition),
  services: list(service),
  enableWebsockets: flag,
  permitInsecure: flag,
  timeoutPolicy: object({ response: text(), idle: text() }),
  retryPolicy: object({ count: whole(-1, 100), perTryTimeout: text() }),
  loadBalancerPolicy: balancing,
  pathRewritePolicy: object({
    replacePrefix: list(object({ prefix: NAME, replacement: NAME }, ['replacement'])),
  }),
  requestHeadersPolicy: headers,
  responseHeadersPolicy: headers,
  cookieRewritePolicies: list(cookieRewrite),
  requestRedirectPolicy: object({ scheme: words('http', 'https'), statusCode: whole(301, 302) }),
  directResponsePolicy: object({ statusCode: whole(200, 599), body: text() }, ['statusCode']),
});

export const httpProxySpec = object({
  ingressClassName: text(),
  virtualhost: object({ fqdn: text() }, ['fqdn']),
  routes: list(route),
  tcpproxy: object({ services: list(service), loadBalancerPolicy: balancing }),
  includes: list(object({ name: text(), namespace: text(), conditions: list(condition) }, ['name'])),
});
