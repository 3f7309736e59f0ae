import { cloneJson, getObject, getObjects, getString, getStringMap, isObject } from '../../lib/json.ts';
import type { KubeObject, OwnerReference } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { LABEL } from '../../api/names.ts';
import { canaryName, canaryServiceName, ownLabels } from './names.ts';
import { rewriteLabels, rewriteSelector, rewriteTemplate, type Rewrite } from './rewrite.ts';

/**
 * On the canary Deployment: JSON of the rewrite, so that it can be undone even if the Services have changed by then.
 */
const REWRITE_ANNOTATION = 'sluice.dev/rewrite';

/** Labels by which Argo CD, Flux and Helm find what they installed; they may prune other objects with these labels. */
const TRACKING_LABELS = new Set([
  'app.kubernetes.io/instance',
  'argocd.argoproj.io/instance',
  'helm.sh/chart',
  LABEL.managedBy,
]);
const TRACKING_PREFIX =
  /^([^/]*\.toolkit\.fluxcd\.io|argocd\.argoproj\.io|meta\.helm\.sh|helm\.sh|kubectl\.kubernetes\.io|deployment\.kubernetes\.io|sluice\.dev)\//;

/**
 * Annotations of a Service that say how to speak to its pods. All others (DNS names, load balancers …) would take
 * effect twice.
 */
const SERVICE_ANNOTATIONS =
  /^(service\.kubernetes\.io\/topology-(mode|aware-hints)|networking\.istio\.io\/(exportTo|traffic-distribution)|projectcontour\.io\/upstream-protocol\..+|traefik\.ingress\.kubernetes\.io\/service\.serversscheme|konghq\.com\/protocol)$/;

/**
 * Fields of a Service that bind it to one address, one node port or one load balancer, or send to pods that are not
 * ready.
 */
const SERVICE_OWN_FIELDS = [
  'allocateLoadBalancerNodePorts',
  'clusterIP',
  'clusterIPs',
  'externalIPs',
  'externalName',
  'externalTrafficPolicy',
  'healthCheckNodePort',
  'loadBalancerClass',
  'loadBalancerIP',
  'loadBalancerSourceRanges',
  'publishNotReadyAddresses',
  'selector',
  'type',
];

export interface CanaryInput {
  /** the live target, with the new template */
  target: KubeObject;
  rewrite: Rewrite;
  /** name of the Release */
  release: string;
}

/**
 * Owner of everything that Sluice makes. It does not block the owner's deletion, so a foreground deletion of the target
 * is not held up.
 */
export function ownerOf({ metadata }: KubeObject): OwnerReference {
  // Set here, because the items of a list do not carry them.
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' };
  return { ...deployment, name: metadata.name, uid: metadata.uid ?? '', blockOwnerDeletion: false };
}

/**
 * The Deployment that runs the new template beside the stable one; not opted in, not paused, not tracked by other
 * tools.
 */
export function canaryDeployment(input: CanaryInput & { replicas: number }): KubeObject {
  const { target, rewrite } = input;
  const spec = cloneJson(target.spec ?? {});
  delete spec['paused'];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      ...canaryMetadata(input, canaryName(target.metadata.name)),
      labels: { ...untracked(getStringMap(target, 'metadata', 'labels')), ...labelsOf(input) },
      annotations: {
        ...untracked(getStringMap(target, 'metadata', 'annotations')),
        [REWRITE_ANNOTATION]: JSON.stringify(rewrite),
      },
    },
    spec: {
      ...spec,
      replicas: input.replicas,
      selector: canarySelector(target, rewrite),
      template: rewriteTemplate(getObject(target, 'spec', 'template') ?? {}, rewrite),
    },
  };
}

/** The rewrite with which a canary was made; undefined if the canary does not record it. */
export function rewriteOf(canary: KubeObject): Rewrite | undefined {
  try {
    const value: unknown = JSON.parse(getString(canary, 'metadata', 'annotations', REWRITE_ANNOTATION) ?? '');
    const isChange = (item: unknown) => isObject(item) && getString(item, 'to') !== undefined;
    return isObject(value) && Object.values(value).every(isChange) ? (value as Rewrite) : undefined;
  } catch {
    return undefined;
  }
}

/** The Service in front of the canary pods: like the stable one, but for other pods and without an external address. */
export function canaryService(input: CanaryInput & { stableService: KubeObject }): KubeObject {
  const { stableService, rewrite, target } = input;
  const spec = cloneJson(stableService.spec ?? {});
  const headless = getString(spec, 'clusterIP') === 'None' ? { clusterIP: 'None' } : {};
  for (const field of SERVICE_OWN_FIELDS) delete spec[field];
  for (const port of getObjects(spec, 'ports')) delete port['nodePort'];
  const annotations = Object.entries(getStringMap(stableService, 'metadata', 'annotations')).filter(([key]) =>
    SERVICE_ANNOTATIONS.test(key),
  );
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...canaryMetadata(input, canaryServiceName(stableService.metadata.name)),
      labels: { ...untracked(getStringMap(stableService, 'metadata', 'labels')), ...labelsOf(input) },
      ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
    },
    spec: {
      ...spec,
      ...headless,
      type: 'ClusterIP',
      selector: {
        ...getStringMap(canarySelector(target, rewrite), 'matchLabels'),
        ...rewriteLabels(getStringMap(stableService, 'spec', 'selector'), rewrite),
      },
    },
  };
}

/**
 * The target's selector after the rewrite. It selects only canary pods even if the rewritten key is not in the target's
 * selector.
 */
export function canarySelector(target: KubeObject, rewrite: Rewrite): JsonObject {
  const selector = cloneJson(getObject(target, 'spec', 'selector') ?? {});
  rewriteSelector(selector, rewrite);
  const own = Object.entries(rewrite).map(([key, { to }]) => [key, to]);
  return {
    ...selector,
    matchLabels: {
      ...getStringMap(selector, 'matchLabels'),
      ...(Object.fromEntries(own) as Record<string, string>),
    },
  };
}

function canaryMetadata({ target }: CanaryInput, name: string) {
  const { namespace } = target.metadata;
  return { name, ...(namespace === undefined ? {} : { namespace }), ownerReferences: [ownerOf(target)] };
}

const labelsOf = ({ target, release }: CanaryInput) => ownLabels(target.metadata.name, release);

/** Labels or annotations without those by which tools track, and may prune, what they installed. */
export function untracked(map: Record<string, string>): Record<string, string> {
  const kept = Object.entries(map).filter(([key]) => !TRACKING_LABELS.has(key) && !TRACKING_PREFIX.test(key));
  return Object.fromEntries(kept);
}
