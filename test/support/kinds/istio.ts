import type { JsonObject } from '../../../lib/json.ts';
import { span, workloadLabels } from './rules.ts';
import { dictionary, double, flag, int32, list, object, oneOf, text, uint32, whole, words } from './words.ts';

/** `spec` of VirtualService and DestinationRule, from the reference pages of Istio's traffic management. */

const texts = list(text());
const textByName = dictionary(text());
const port = object({ number: uint32 });
const destination = object({ host: text(), subset: text(), port }, ['host']);
const percentage = object({ value: double });
const texted = oneOf(['exact', 'prefix', 'regex'], object({ exact: text(), prefix: text(), regex: text() }));
const changeHeaders = object({ set: textByName, add: textByName, remove: texts });
const headers = object({ request: changeHeaders, response: changeHeaders });

const match = object({
  name: text(),
  uri: texted,
  scheme: texted,
  method: texted,
  authority: texted,
  headers: dictionary(texted),
  withoutHeaders: dictionary(texted),
  queryParams: dictionary(texted),
  ignoreUriCase: flag,
  port: uint32,
  sourceLabels: textByName,
  sourceNamespace: text(),
  gateways: texts,
  statPrefix: text(),
});

const http = object({
  name: text(),
  match: list(match),
  route: list(object({ destination, weight: int32, headers }, ['destination'])),
  redirect: oneOf(
    ['port', 'derivePort'],
    object({
      uri: text(),
      authority: text(),
      port: uint32,
      derivePort: words('FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'),
      prefixRewrite: text(),
      scheme: text(),
      redirectCode: uint32,
    }),
  ),
  directResponse: object(
    {
      status: uint32,
      body: oneOf(['string', 'bytes'], object({ string: text(), bytes: text({ format: 'byte' }) })),
    },
    ['status'],
  ),
  delegate: object({ name: text(), namespace: text() }),
  rewrite: object({
    uri: text(),
    authority: text(),
    uriRegexRewrite: object({ match: text(), rewrite: text() }),
  }),
  timeout: span(text()),
  retries: object({
    attempts: int32,
    perTryTimeout: span(text()),
    retryOn: text(),
    backoff: span(text()),
    retryRemoteLocalities: flag,
    retryIgnorePreviousHosts: flag,
  }),
  fault: object({
    delay: oneOf(
      ['fixedDelay', 'exponentialDelay'],
      object({ percent: int32, percentage, fixedDelay: span(text()), exponentialDelay: span(text()) }),
    ),
    abort: oneOf(
      ['httpStatus', 'grpcStatus', 'http2Error'],
      object({ httpStatus: int32, grpcStatus: text(), http2Error: text(), percentage }),
    ),
  }),
  mirror: destination,
  mirrors: list(object({ destination, percentage }, ['destination'])),
  mirror_percent: uint32,
  mirrorPercent: uint32,
  mirrorPercentage: percentage,
  corsPolicy: object({
    allowOrigin: texts,
    allowOrigins: list(texted),
    allowMethods: texts,
    allowHeaders: texts,
    exposeHeaders: texts,
    maxAge: span(text()),
    allowCredentials: flag,
    unmatchedPreflights: words('UNSPECIFIED', 'FORWARD', 'IGNORE'),
  }),
  headers,
});

const stream = {
  destinationSubnets: texts,
  gateways: texts,
  port: uint32,
  sourceLabels: textByName,
  sourceNamespace: text(),
};
const streamed = list(object({ destination, weight: int32 }, ['destination']));

export const virtualServiceSpec = object({
  hosts: texts,
  gateways: texts,
  exportTo: texts,
  http: list(http),
  tls: list(
    object({ match: list(object({ ...stream, sniHosts: texts }, ['sniHosts'])), route: streamed }, ['match']),
  ),
  tcp: list(object({ match: list(object({ ...stream, sourceSubnet: text() })), route: streamed })),
});

const share: JsonObject = { ...double, minimum: 0, maximum: 100 };
const hashes = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'];

const trafficPolicy = {
  connectionPool: object({
    tcp: object({
      maxConnections: int32,
      connectTimeout: span(text()),
      idleTimeout: text(),
      maxConnectionDuration: span(text()),
      tcpKeepalive: object({ probes: uint32, time: span(text()), interval: span(text()) }),
    }),
    http: object({
      http1MaxPendingRequests: int32,
      http2MaxRequests: int32,
      maxRequestsPerConnection: int32,
      maxRetries: int32,
      idleTimeout: span(text()),
      h2UpgradePolicy: words('DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'),
      useClientProtocol: flag,
      maxConcurrentStreams: int32,
    }),
  }),
  loadBalancer: oneOf(
    ['simple', 'consistentHash'],
    object({
      simple: words('UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST'),
      consistentHash: oneOf(
        hashes,
        object({
          httpHeaderName: text(),
          httpCookie: object({ name: text(), path: text(), ttl: text() }, ['name']),
          useSourceIp: flag,
          httpQueryParameterName: text(),
          minimumRingSize: { type: 'integer', minimum: 0 },
        }),
      ),
      localityLbSetting: object({ enabled: flag, failoverPriority: texts }),
      warmup: object(
        { duration: span(text()), minimumPercent: share, aggression: { ...double, minimum: 0 } },
        ['duration'],
      ),
    }),
  ),
  outlierDetection: object({
    consecutive5xxErrors: uint32,
    consecutiveGatewayErrors: uint32,
    consecutiveLocalOriginFailures: uint32,
    splitExternalLocalOriginErrors: flag,
    interval: span(text()),
    baseEjectionTime: span(text()),
    maxEjectionPercent: int32,
    minHealthPercent: int32,
  }),
  tls: object({
    mode: words('DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'),
    clientCertificate: text(),
    privateKey: text(),
    caCertificates: text(),
    credentialName: text(),
    subjectAltNames: texts,
    sni: text(),
    insecureSkipVerify: flag,
  }),
};
const policy = object({
  ...trafficPolicy,
  portLevelSettings: list(object({ port, ...trafficPolicy }), { maxItems: 4096 }),
  tunnel: object({ protocol: text(), targetHost: text(), targetPort: whole(0, 65_535) }, [
    'targetHost',
    'targetPort',
  ]),
  proxyProtocol: object({ version: words('V1', 'V2') }),
});

export const destinationRuleSpec = object(
  {
    host: text(),
    exportTo: texts,
    trafficPolicy: policy,
    subsets: list(object({ name: text(), labels: textByName, trafficPolicy: policy }, ['name'])),
    workloadSelector: object({ matchLabels: workloadLabels(dictionary(text({ maxLength: 63 }))) }),
  },
  ['host'],
);
