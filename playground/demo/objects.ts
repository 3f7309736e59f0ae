import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';

/** The objects of the demo's user, as manifests. */
export const NAMESPACE = 'shop';
export const APP = 'shop';
export const REPLICAS = 6;
/** share of requests that the stable version fails: even a healthy service has some errors */
export const BASE_ERROR_RATE = 0.005;

/** What some of the clients send, and an A/B test matches, in the form that every provider understands. */
export const MARK = {
  header: { name: 'x-beta', value: 'always' },
  cookie: { name: 'beta', value: 'always' },
};

/** Objects to create in this order, each with its collection. */
export interface Placed {
  plural: string;
  object: KubeObject;
}

/** The objects behind the routes. */
export function appObjects(): Placed[] {
  return [
    { plural: 'services', object: service() },
    { plural: 'networkpolicies', object: networkPolicy() },
    { plural: 'poddisruptionbudgets', object: disruptionBudget() },
    { plural: 'deployments', object: deployment() },
  ];
}

export function meta(more: JsonObject = {}): KubeObject['metadata'] {
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

/** This and the budget select the stable pods, so copies of them are needed for the canary's pods. */
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
