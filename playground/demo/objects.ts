import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';

/** What the user of the demo owns, as manifests. */
export const NAMESPACE = 'shop';
export const APP = 'shop';
export const REPLICAS = 6;
/** share of requests that the stable version fails: a healthy service is not a perfect one */
export const BASE_ERROR_RATE = 0.005;

/** What a part of the clients sends, and an A/B test goes by, in the form that every provider understands. */
export const MARK = {
  header: { name: 'x-beta', value: 'always' },
  cookie: { name: 'beta', value: 'always' },
};

export type DemoProvider = 'gateway' | 'nginx' | 'istio' | 'linkerd' | 'replicas';

export const PROVIDERS: readonly DemoProvider[] = ['gateway', 'nginx', 'istio', 'linkerd', 'replicas'];

const EDGE_HOST = 'shop.example';

/** The host that clients ask for: Linkerd splits what goes to the Service within the cluster, as a Service itself does. */
export const hostOf = (provider: DemoProvider): string =>
  provider === 'linkerd' || provider === 'replicas' ? `${APP}.${NAMESPACE}.svc.cluster.local` : EDGE_HOST;

/** What the user has for routing, for a sentence. */
export const ROUTED_BY: Readonly<Record<DemoProvider, string>> = {
  gateway: `HTTPRoute ${APP}`,
  nginx: `Ingress ${APP}`,
  istio: `VirtualService ${APP}`,
  linkerd: `Service ${APP} within the mesh`,
  replicas: `Service ${APP} alone, to any of its pods`,
};

/** Objects to create, each with the collection it belongs to; in this order. */
export interface Placed {
  plural: string;
  object: KubeObject;
}

export function userObjects(provider: DemoProvider): Placed[] {
  const shared: Placed[] = [
    { plural: 'services', object: service() },
    { plural: 'networkpolicies', object: networkPolicy() },
    { plural: 'poddisruptionbudgets', object: disruptionBudget() },
    { plural: 'deployments', object: deployment() },
  ];
  return [...shared, ...ROUTES[provider]()];
}

const ROUTES: Readonly<Record<DemoProvider, () => Placed[]>> = {
  gateway: () => [
    { plural: 'gateways', object: gateway() },
    { plural: 'httproutes', object: httpRoute() },
  ],
  nginx: () => [{ plural: 'ingresses', object: ingress() }],
  istio: () => [{ plural: 'virtualservices', object: virtualService() }],
  linkerd: () => [{ plural: 'serviceprofiles', object: serviceProfile() }],
  replicas: () => [],
};

function meta(more: JsonObject = {}): KubeObject['metadata'] {
  return { name: APP, namespace: NAMESPACE, labels: { app: APP }, ...more };
}

function deployment(): KubeObject {
  const container = {
    name: 'web',
    image: `shop:v1_error-${BASE_ERROR_RATE}`,
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 1 },
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta({ annotations: { 'sluice.dev/policy': 'demo' } }),
    spec: {
      replicas: REPLICAS,
      progressDeadlineSeconds: 60,
      selector: { matchLabels: { app: APP } },
      template: {
        metadata: { labels: { app: APP } },
        spec: { terminationGracePeriodSeconds: 10, containers: [container] },
      },
    },
  };
}

function service(): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta(),
    spec: { selector: { app: APP }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  };
}

/** As this and the budget select the stable pods, copies of them have to stand for the canary's. */
function networkPolicy(): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: meta(),
    spec: {
      podSelector: { matchLabels: { app: APP } },
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ protocol: 'TCP', port: 'http' }] }],
    },
  };
}

function disruptionBudget(): KubeObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: meta(),
    spec: { minAvailable: '50%', selector: { matchLabels: { app: APP } } },
  };
}

function gateway(): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: meta(),
    spec: { gatewayClassName: 'playground', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
  };
}

function httpRoute(): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: meta(),
    spec: {
      parentRefs: [{ name: APP }],
      hostnames: [EDGE_HOST],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ name: APP, port: 80 }],
        },
      ],
    },
  };
}

function ingress(): KubeObject {
  const backend = { service: { name: APP, port: { number: 80 } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: meta(),
    spec: {
      ingressClassName: 'nginx',
      rules: [{ host: EDGE_HOST, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
}

function virtualService(): KubeObject {
  const route = [{ destination: { host: APP, port: { number: 80 } } }];
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: meta(),
    spec: { hosts: [EDGE_HOST], gateways: ['public'], http: [{ name: 'all', route, timeout: '10s' }] },
  };
}

/** For metrics by route; Linkerd's SMI extension writes the split into it and takes it out again. */
function serviceProfile(): KubeObject {
  const condition = { method: 'GET', pathRegex: '/.*' };
  return {
    apiVersion: 'linkerd.io/v1alpha2',
    kind: 'ServiceProfile',
    metadata: meta({ name: hostOf('linkerd') }),
    spec: { routes: [{ name: 'GET', condition }] },
  };
}
