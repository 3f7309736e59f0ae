import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Split } from '../../api/split.ts';

/** Name of the Deployment, its Service and its route in every namespace. */
export const APP = 'web';
export const REPLICAS = 4;

/** A user's objects in one namespace, and how the policy delivers. */
export interface Subject {
  /** also the namespace */
  name: string;
  /** in addition to Deployment, Service and the objects that protect its pods */
  routes: (namespace: string) => KubeObject[];
  /** fields of the policy, in addition to the common ones */
  policy: JsonObject;
  /** how far a release may go before another order */
  most: Split;
}

const WEIGHT = 20;
const byWeight: Split = { weight: WEIGHT, mirror: 0, matching: false };
const byMatch: Split = { weight: 0, mirror: 0, matching: true };
const byCopies: Split = { weight: 0, mirror: 100, matching: false };
/** Waits for an order: nothing here measures, and a step passes only with a verdict. */
const steps = (weight: number): JsonObject => ({ steps: [{ weight, minDuration: '1h' }] });
const CANARY = steps(WEIGHT);
const TEST: JsonObject = {
  ...steps(0),
  strategy: 'ab',
  match: { headers: [{ name: 'x-beta', exact: 'yes' }] },
};
const COPIES: JsonObject = { ...CANARY, mirror: { percent: 100, minDuration: '1h' } };
const STICKY: JsonObject = { ...CANARY, stickiness: { cookie: 'release' } };
/** Copies prove nothing here, so the switch waits for an order. */
const SWITCH: JsonObject = {
  strategy: 'blueGreen',
  mirror: { minDuration: '1s', maxDuration: '2s' },
  bake: '1h',
  onInconclusive: 'wait',
};

/** One for every provider, as its users write it. */
export const PROVIDERS: readonly Subject[] = [
  { name: 'gateway-http', routes: httpRoute, policy: CANARY, most: byWeight },
  { name: 'gateway-grpc', routes: grpcRoute, policy: CANARY, most: byWeight },
  { name: 'gateway-linkerd', routes: meshRoute, policy: CANARY, most: byWeight },
  { name: 'nginx', routes: ingress, policy: CANARY, most: byWeight },
  { name: 'istio', routes: virtualService, policy: CANARY, most: byWeight },
  {
    name: 'istio-mesh',
    routes: meshPolicies,
    policy: { ...CANARY, provider: 'istio' },
    most: byWeight,
  },
  { name: 'linkerd-smi', routes: serviceProfile, policy: { ...CANARY, provider: 'linkerd' }, most: byWeight },
  { name: 'replicas', routes: () => [], policy: { ...CANARY, provider: 'replicas' }, most: byWeight },
];

/** What some providers support besides weights. */
export const STRATEGIES: readonly Subject[] = [
  { name: 'gateway-ab', routes: httpRoute, policy: TEST, most: byMatch },
  { name: 'gateway-copies', routes: httpRoute, policy: COPIES, most: byCopies },
  { name: 'gateway-sticky', routes: httpRoute, policy: STICKY, most: { ...byWeight, matching: true } },
  { name: 'istio-ab', routes: virtualService, policy: TEST, most: byMatch },
  { name: 'istio-copies', routes: virtualService, policy: COPIES, most: byCopies },
  { name: 'istio-sticky', routes: virtualService, policy: STICKY, most: { ...byWeight, matching: true } },
  { name: 'nginx-ab', routes: ingress, policy: TEST, most: byMatch },
];

/** Their users get the new version all at once, when an order allows it. */
export const SWITCHES: readonly Subject[] = [
  { name: 'gateway-switch', routes: httpRoute, policy: SWITCH, most: byCopies },
  { name: 'istio-switch', routes: virtualService, policy: SWITCH, most: byCopies },
];

/** All objects of a subject, its namespace first. */
export function objectsOf({ name: namespace, routes, policy }: Subject): KubeObject[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    own(namespace, 'sluice.dev/v1alpha1', 'ReleasePolicy', {
      ...policy,
      analysis: [{ template: APP }],
      warmup: '0s',
      blind: '24h',
      drain: '0s',
      settle: '0s',
    }),
    own(namespace, 'sluice.dev/v1alpha1', 'AnalysisTemplate', { interval: '1s', metrics: [ERRORS] }),
    own(namespace, 'v1', 'Service', {
      selector: LABELS,
      ports: [{ name: 'http', port: 80, targetPort: 'http' }],
    }),
    own(namespace, 'networking.k8s.io/v1', 'NetworkPolicy', {
      podSelector: { matchLabels: LABELS },
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ protocol: 'TCP', port: 'http' }] }],
    }),
    own(namespace, 'policy/v1', 'PodDisruptionBudget', {
      minAvailable: '50%',
      selector: { matchLabels: LABELS },
    }),
    ...routes(namespace),
    deployment(namespace),
  ];
}

const LABELS = { app: APP };
/** Queries of the user's own, so that no preset has to fit. */
const ERRORS: JsonObject = {
  name: 'errors',
  errorRate: {
    bad: 'sum(http_requests_total{pod=~"{{pods}}",code=~"5.."})',
    total: 'sum(http_requests_total{pod=~"{{pods}}"})',
  },
  margin: { safe: { relative: 2, absolute: 0.02 } },
};

const own = (namespace: string, apiVersion: string, kind: string, spec: JsonObject): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: APP, namespace, labels: { team: 'shop' } },
  spec,
});

export const imageOf = (version: string): string => `registry.example/web:${version}`;

function deployment(namespace: string): KubeObject {
  const container = {
    name: 'app',
    image: imageOf('v1'),
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/healthz', port: 'http' } },
  };
  const object = own(namespace, 'apps/v1', 'Deployment', {
    replicas: REPLICAS,
    selector: { matchLabels: LABELS },
    template: { metadata: { labels: LABELS }, spec: { containers: [container] } },
  });
  return { ...object, metadata: { ...object.metadata, annotations: { 'sluice.dev/policy': APP } } };
}

function gateway(namespace: string): KubeObject {
  return own(namespace, 'gateway.networking.k8s.io/v1', 'Gateway', {
    gatewayClassName: 'public',
    listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }],
  });
}

/** Two rules for the Service, one of them with a filter, and one without backends. */
function httpRoute(namespace: string): KubeObject[] {
  const header = {
    type: 'RequestHeaderModifier',
    requestHeaderModifier: { set: [{ name: 'x-a', value: 'b' }] },
  };
  const redirect = { type: 'RequestRedirect', requestRedirect: { hostname: 'new.example', statusCode: 301 } };
  const path = (value: string) => [{ path: { type: 'PathPrefix', value } }];
  const route = own(namespace, 'gateway.networking.k8s.io/v1', 'HTTPRoute', {
    parentRefs: [{ name: APP }],
    hostnames: ['web.example'],
    rules: [
      { matches: path('/old'), filters: [redirect] },
      { matches: path('/api'), filters: [header], timeouts: { request: '10s' }, backendRefs: [backendRef] },
      { matches: path('/'), backendRefs: [{ ...backendRef, weight: 1 }] },
    ],
  });
  const grant = own(namespace, 'gateway.networking.k8s.io/v1beta1', 'ReferenceGrant', {
    from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'edge' }],
    to: [{ group: '', kind: 'Service', name: APP }],
  });
  return [gateway(namespace), route, grant];
}

const backendRef = { name: APP, port: 80 };

function grpcRoute(namespace: string): KubeObject[] {
  const route = own(namespace, 'gateway.networking.k8s.io/v1', 'GRPCRoute', {
    parentRefs: [{ name: APP }],
    hostnames: ['grpc.example'],
    rules: [
      { matches: [{ method: { service: 'shop.Cart', method: 'Add' } }], backendRefs: [backendRef] },
      { backendRefs: [backendRef] },
    ],
  });
  return [gateway(namespace), route];
}

/** Linkerd 2.14 and later split requests to a Service by a route with that Service as its parent. */
function meshRoute(namespace: string): KubeObject[] {
  return [
    own(namespace, 'gateway.networking.k8s.io/v1', 'HTTPRoute', {
      parentRefs: [{ group: '', kind: 'Service', name: APP, port: 80 }],
      rules: [{ backendRefs: [backendRef] }],
    }),
  ];
}

function ingress(namespace: string): KubeObject[] {
  const backend = { service: { name: APP, port: { name: 'http' } } };
  const paths = [
    { path: '/', pathType: 'Prefix', backend },
    { path: '/exact', pathType: 'Exact', backend },
  ];
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'nginx' },
      spec: { controller: 'k8s.io/ingress-nginx' },
    },
    own(namespace, 'networking.k8s.io/v1', 'Ingress', {
      ingressClassName: 'nginx',
      tls: [{ hosts: ['web.example'], secretName: 'web-tls' }],
      rules: [{ host: 'web.example', http: { paths } }],
    }),
  ];
}

/** A mesh's policies for a Service, independent of what routes to it. */
function meshPolicies(namespace: string): KubeObject[] {
  return [
    own(namespace, 'networking.istio.io/v1', 'DestinationRule', {
      host: APP,
      trafficPolicy: { connectionPool: { http: { http1MaxPendingRequests: 100 } } },
    }),
    own(namespace, 'security.istio.io/v1', 'AuthorizationPolicy', {
      selector: { matchLabels: LABELS },
      rules: [{ to: [{ operation: { methods: ['GET', 'POST'] } }] }],
    }),
  ];
}

function virtualService(namespace: string): KubeObject[] {
  const destination = { host: APP, port: { number: 80 } };
  const route = own(namespace, 'networking.istio.io/v1', 'VirtualService', {
    hosts: ['web.example'],
    gateways: ['public'],
    http: [
      { match: [{ uri: { prefix: '/old' } }], redirect: { uri: '/' } },
      { name: 'all', route: [{ destination }], timeout: '10s', retries: { attempts: 3 } },
    ],
  });
  return [route, ...meshPolicies(namespace)];
}

/** For metrics by route; Linkerd's SMI extension writes the split into it and removes it again. */
function serviceProfile(namespace: string): KubeObject[] {
  const profile = own(namespace, 'linkerd.io/v1alpha2', 'ServiceProfile', {
    routes: [{ name: 'GET', condition: { method: 'GET', pathRegex: '/.*' } }],
  });
  const name = `${APP}.${namespace}.svc.cluster.local`;
  return [{ ...profile, metadata: { ...profile.metadata, name } }];
}
