import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';

const NAMESPACE = 'shop';
const labels = { app: 'web' };

export interface Version {
  name: string;
  template: JsonObject;
  /** the true share of requests that its pods fail */
  errorRate: number;
  /** for copies of requests, if it differs: a copy changes nothing that fails later */
  copyErrorRate?: number;
  /** its requests take half as long again */
  slow?: true;
}

/** A version of the app; the image names it, and annotations tell the fake kubelet how its pods behave. */
export function version(name: string, errorRate: number, annotations: JsonObject = {}): Version {
  const containers = [{ name: 'app', image: `web:${name}`, ports: [{ containerPort: 8080 }] }];
  const metadata = { labels, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) };
  return { name, errorRate, template: { metadata, spec: { containers } } };
}

export const V1 = version('v1', 0.005);
export const GOOD = version('good', 0.005);
export const BETTER = version('better', 0.004);
export const BAD = version('bad', 0.3);
/** Copies succeed, but most live requests fail. */
export const LIVE_BAD: Version = { ...version('live-bad', 0.9), copyErrorRate: 0.005 };
/** Few enough failures that only a comparison shows them. */
export const LIVE_WORSE: Version = { ...version('live-worse', 0.1), copyErrorRate: 0.005 };
export const SLOW: Version = { ...version('slow', 0.005), slow: true };
export const CRASHING = version('crashing', 0.005, { 'fake/crash-after-ms': '700' });
/** It is ready at once, and crashes four seconds later, each time. */
export const CRASHING_LATE = version('crashing-late', 0.005, { 'fake/crash-after-ms': '4000' });
export const NEVER_READY = version('never-ready', 0.005, { 'fake/never-ready': 'true' });
export const VERSIONS: readonly Version[] = [
  V1,
  GOOD,
  BETTER,
  BAD,
  LIVE_BAD,
  LIVE_WORSE,
  SLOW,
  CRASHING,
  CRASHING_LATE,
  NEVER_READY,
];

export function target(
  replicas: number,
  annotations: Record<string, string> = {},
  template = V1.template,
): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      namespace: NAMESPACE,
      annotations: { 'sluice.dev/policy': 'fast', ...annotations },
    },
    spec: {
      replicas,
      progressDeadlineSeconds: 60,
      selector: { matchLabels: labels },
      template: structuredClone(template),
    },
  };
}

export const SERVICE: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: NAMESPACE },
  spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
};

/** Two rules, one of them with fields that Sluice does not know. */
export const ROUTE: KubeObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web', namespace: NAMESPACE, labels: { team: 'shop' } },
  spec: {
    parentRefs: [{ name: 'edge' }],
    hostnames: ['web.example'],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        backendRefs: [{ name: 'web', port: 80 }],
        future: { field: 1 },
      },
    ],
  },
};

export const INGRESS: KubeObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web', namespace: NAMESPACE },
  spec: {
    ingressClassName: 'nginx',
    rules: [
      {
        host: 'web.example',
        http: {
          paths: [
            { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } },
          ],
        },
      },
    ],
  },
};

/** All strategies but one have steps. */
const STEPS = [5, 25, 50].map((weight) => ({ weight, minDuration: '30s', maxDuration: '5m' }));

export const POLICY = (change: JsonObject = {}): KubeObject => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'ReleasePolicy',
  metadata: { name: 'fast', namespace: NAMESPACE },
  spec: {
    ...(change['strategy'] === 'blueGreen' ? {} : { steps: STEPS }),
    analysis: [{ template: 'quick' }],
    warmup: '5s',
    drain: '10s',
    settle: '2s',
    ...change,
  },
});

export const TEMPLATE: KubeObject = {
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'quick', namespace: NAMESPACE },
  spec: {
    interval: '10s',
    metrics: [
      {
        name: 'error-rate',
        errorRate: { preset: 'auto' },
        margin: { safe: { relative: 2, absolute: 0.02 } },
      },
    ],
  },
};

/** One metric of every kind; each has to pass. */
export const ALL_KINDS: KubeObject = {
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'all-kinds', namespace: NAMESPACE },
  spec: {
    interval: '10s',
    metrics: [
      ...(TEMPLATE.spec?.['metrics'] as JsonObject[]),
      {
        name: 'latency',
        latency: { preset: 'auto' },
        margin: { safe: { relative: 0.25, absolute: 0.02 } },
      },
      {
        name: 'load',
        series: { query: 'avg(load{pod=~"{{pods}}"})', effect: { allowedIncrease: 1.5 } },
        direction: 'increase',
        test: { horizon: '80s' },
      },
      {
        name: 'queue-depth',
        threshold: { query: 'max(queue_depth{pod=~"{{pods}}"})', failure: 'value > 10' },
      },
    ],
  },
};
