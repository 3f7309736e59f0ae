import type { KubeObject, Resource } from '../../api/kube.ts';
import { apiVersionOf, RESOURCES } from '../../api/resources.ts';
import type { JsonObject } from '../../lib/json.ts';
import { crd } from '../../playground/demo/gateway-api-crds.ts';
import { WATCHED } from '../../release/rights.ts';
import { APP, PROVIDERS, type Subject } from './targets.ts';

/**
 * A cluster with everything: a target for each back end, and one with each kind that may have to follow a
 * canary.
 */
export const FOLLOWED = 'gateway-followed';
export const REPEATED = 'replicas-repeated';

const LABELS = { app: APP };
const SELECTED = { selector: { matchLabels: LABELS } };
const SERVICE = { group: '', kind: 'Service', name: APP };
const grantTo = (...namespaces: string[]): JsonObject => ({
  from: namespaces.map((namespace) => ({ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace })),
});
const sidecar = (host: string): JsonObject => ({ egress: [{ hosts: [host] }] });
const backendTls = (hostname: string): JsonObject => ({
  validation: { hostname, wellKnownCACertificates: 'System' },
});

interface Follower {
  kind: keyof typeof RESOURCES;
  spec: JsonObject;
  /** what its owner changes during a release */
  edit: JsonObject;
}

/** In addition to those of every subject: a NetworkPolicy and a PodDisruptionBudget. */
const OTHERS: readonly Follower[] = [
  {
    kind: 'authorizationPolicies',
    spec: { ...SELECTED, action: 'ALLOW', rules: [{}] },
    edit: { action: 'AUDIT' },
  },
  {
    kind: 'peerAuthentications',
    spec: { ...SELECTED, mtls: { mode: 'STRICT' } },
    edit: { mtls: { mode: 'PERMISSIVE' } },
  },
  {
    kind: 'requestAuthentications',
    spec: { targetRefs: [SERVICE] },
    edit: { jwtRules: [{ issuer: 'https://issuer.example' }] },
  },
  { kind: 'telemetries', spec: SELECTED, edit: { accessLogging: [{ disabled: true }] } },
  {
    kind: 'wasmPlugins',
    spec: { ...SELECTED, url: 'oci://registry.example/plugin:1' },
    edit: { priority: 1 },
  },
  {
    kind: 'sidecars',
    spec: { workloadSelector: { labels: LABELS }, ...sidecar('./*') },
    edit: sidecar('*/*'),
  },
  {
    kind: 'envoyFilters',
    spec: { workloadSelector: { labels: LABELS }, configPatches: [] },
    edit: { priority: 1 },
  },
  { kind: 'destinationRules', spec: { host: APP }, edit: { exportTo: ['.'] } },
  {
    kind: 'backendTlsPolicies',
    spec: { targetRefs: [SERVICE], ...backendTls('a.example') },
    edit: backendTls('b.example'),
  },
  { kind: 'backendTrafficPolicies', spec: { targetRefs: [SERVICE] }, edit: { more: 1 } },
  { kind: 'gcpBackendPolicies', spec: { targetRef: SERVICE }, edit: { more: 1 } },
  { kind: 'healthCheckPolicies', spec: { targetRef: SERVICE }, edit: { more: 1 } },
  {
    kind: 'referenceGrants',
    spec: { ...grantTo('edge'), to: [{ group: '', kind: 'Service', name: APP }] },
    edit: grantTo('edge', 'other'),
  },
  { kind: 'podMonitors', spec: SELECTED, edit: { more: 1 } },
  // by a label that a canary's Service does not get
  {
    kind: 'serviceMonitors',
    spec: { selector: { matchLabels: { 'app.kubernetes.io/managed-by': 'Helm' } } },
    edit: { more: 1 },
  },
];

const EVERYWHERE: readonly Omit<Follower, 'spec'>[] = [
  { kind: 'networkPolicies', edit: { ingress: [{}] } },
  { kind: 'podDisruptionBudgets', edit: { minAvailable: '25%' } },
];

/** The changes of all their owners, one object each. */
export const EDITS = [...EVERYWHERE, ...OTHERS].map(({ kind, edit }) => ({
  resource: RESOURCES[kind],
  edit,
}));

const objectOf = (namespace: string, { kind, spec }: Follower): KubeObject => ({
  apiVersion: apiVersionOf(RESOURCES[kind]),
  kind: RESOURCES[kind].kind,
  metadata: { name: APP, namespace },
  spec,
});

const byName = (name: string): Subject => {
  const found = PROVIDERS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no subject ${name}`);
  return found;
};

const followed = byName('gateway-http');

/** Its routes name no ReferenceGrant of their own: one exists already. */
const routesFollowed = (namespace: string): KubeObject[] => [
  ...followed.routes(namespace).filter(({ kind }) => kind !== 'ReferenceGrant'),
  ...OTHERS.map((each) => objectOf(namespace, each)),
];

const httpProxy = (namespace: string): KubeObject[] => [
  {
    apiVersion: 'projectcontour.io/v1',
    kind: 'HTTPProxy',
    metadata: { name: APP, namespace },
    spec: {
      virtualhost: { fqdn: 'proxy.example' },
      routes: [{ conditions: [{ prefix: '/' }], services: [{ name: APP, port: 80 }] }],
    },
  },
];

const nginx = byName('nginx');
/** The canary's Ingress is patched when one step follows another, for which there is no verdict here. */
export const TWO_STEPS: Subject = {
  ...nginx,
  policy: {
    steps: [
      { weight: 10, minDuration: '1s', maxDuration: '2s' },
      { weight: nginx.most.weight, minDuration: '1h' },
    ],
    onInconclusive: 'wait',
  },
};

/** These are delivered by their back ends from one version to the next. */
export const DELIVERED: readonly Subject[] = [
  ...PROVIDERS.filter((each) => each !== nginx),
  TWO_STEPS,
  { ...followed, name: FOLLOWED, routes: routesFollowed, policy: { ...followed.policy, historyLimit: 1 } },
];
/** Here nothing confirms what is written to an HTTPProxy. */
export const UNCONFIRMED: Subject = { ...followed, name: 'contour', routes: httpProxy };
export const BLOCKED: Subject = { ...byName('replicas'), name: REPEATED };

/** Kinds that are in no module of the lane, with open schemas. */
export const OPEN_CRDS: readonly KubeObject[] = WATCHED.filter(({ group }) =>
  /projectcontour|keda|x-k8s|gke|coreos|cilium/.test(group),
).map(openCrd);

function openCrd({ group, version, plural, kind }: Resource): KubeObject {
  const annotations = {
    'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api/pull/1',
  };
  const spec: JsonObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const made = crd({ group, kind, versions: [{ name: version, spec }], annotations });
  const names = { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() };
  return {
    ...made,
    metadata: { ...made.metadata, name: `${plural}.${group}` },
    spec: { ...made.spec, names },
  };
}
