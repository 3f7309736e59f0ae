import { getObject, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { apiVersionOf } from '../../api/resources.ts';
import { selectorMatches } from '../../release/canary/index.ts';
import { FOLLOWED, reachesOut } from '../../release/companions/index.ts';
import type { World } from './world.ts';

const NAMESPACE = 'shop';
const NETWORK_POLICIES = 'networkpolicies.networking.k8s.io';
const CANARY = { app: 'web-canary' };
const STABLE = { app: 'web' };

/** The kinds that may have to follow a canary and that the simulated cluster has. */
export const FOLLOWED_KINDS = FOLLOWED.map(({ plural, group }) => `${plural}.${group}`);

/** What users do to the policies around a target. */
export const POLICY_EVENTS: Record<string, (world: World, argument: string) => void> = {
  // like `kubectl apply`: "<plural>.<group> <name> <spec as JSON>"
  apply: (world, argument) => {
    const [resource = '', name = '', ...json] = argument.split(' ');
    const kind = FOLLOWED.find(({ plural, group }) => resource === `${plural}.${group}`);
    if (kind === undefined) throw new Error(`apply ${resource}?`);
    const spec = JSON.parse(json.join(' ')) as JsonObject;
    if (world.get(resource, name) !== undefined)
      return world.edit(resource, name, (draft) => (draft.spec = spec));
    const metadata = { name, namespace: NAMESPACE };
    world.api.store.create(resource, { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata, spec });
  },
  // a NetworkPolicy of another namespace admits pods of the target's namespace: "<namespace> <name>
  // <podSelector as JSON>"
  'admit-from': (world, argument) => {
    const [namespace = '', name = '', ...json] = argument.split(' ');
    const matchLabels = { 'kubernetes.io/metadata.name': NAMESPACE };
    const peer = {
      namespaceSelector: { matchLabels },
      podSelector: JSON.parse(json.join(' ')) as JsonObject,
    };
    const spec = { podSelector: {}, ingress: [{ from: [peer] }] };
    if (world.api.store.get('namespaces', undefined, namespace) === undefined) {
      const metadata = { name: namespace };
      world.api.store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata });
    }
    const metadata = { name, namespace };
    world.api.store.create(NETWORK_POLICIES, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec,
    });
  },
  // the controller restarts with the flag --trusted-namespaces
  trust: (world, namespaces) => (world.trusted = namespaces.split(',')),
  delete: (world, argument) => {
    const [resource = '', name = ''] = argument.split(' ');
    if (world.get(resource, name) !== undefined) world.api.store.delete(resource, NAMESPACE, name);
  },
  // removes the right to read these kinds; without an argument: restores it
  unreadable: (world, pattern) => (world.unreadable = pattern === '' ? undefined : new RegExp(pattern)),
};

export const policiesElsewhere = (world: World, namespace: string): KubeObject[] =>
  world.api.store
    .list(NETWORK_POLICIES)
    .filter((policy) => policy.metadata.namespace !== namespace && reachesOut(policy));

const isCopy = ({ metadata: { labels } }: KubeObject): boolean =>
  labels?.['app.kubernetes.io/managed-by'] === 'sluice';

function copies(world: World): KubeObject[] {
  return FOLLOWED_KINDS.flatMap((resource) => world.api.store.list(resource, NAMESPACE)).filter(isCopy);
}

const originalOf = (copy: KubeObject): string =>
  (getString(copy, 'metadata', 'annotations', 'sluice.dev/copy-of') ?? '').split('@')[0] ?? '';

export const ASKED_OF_POLICIES: Record<string, (world: World) => string> = {
  // the names of the copies
  companions: (world) =>
    copies(world)
      .map((copy) => `${copy.kind}/${originalOf(copy)}`)
      .sort()
      .join(' ') || 'none',
  // the specs of the copies
  companion: (world) =>
    copies(world)
      .map(({ spec }) => JSON.stringify(spec))
      .join(' '),
};

const PROTECTING: [resource: string, selector: string][] = [
  ['networkpolicies.networking.k8s.io', 'podSelector'],
  ['poddisruptionbudgets.policy', 'selector'],
];

/**
 * No canary pod is ever less protected than a stable one: copies exist before the first pod, and are deleted
 * after the last. An original that is created after the canary Deployment may be copied a little later.
 */
export function watchProtection(world: World, say: (what: string) => void): void {
  world.api.store.watch(({ type, resource, object }) => {
    const labels = object.metadata.labels ?? {};
    if (resource === 'pods' && type === 'ADDED' && labels['app'] === CANARY.app)
      unprotected(world).forEach(say);
    const protects = PROTECTING.some(([each]) => each === resource);
    if (type === 'DELETED' && protects && isCopy(object)) deletedEarly(world, resource, object).forEach(say);
  });
}

function unprotected(world: World): string[] {
  const canary = world.get('deployments.apps', 'web-canary');
  if (canary === undefined || world.staleFor > 0) return [];
  return PROTECTING.flatMap(([resource, field]) => {
    const all = world.api.store.list(resource, NAMESPACE);
    const selects = (each: KubeObject, pods: Record<string, string>) =>
      selectorMatches(getObject(each, 'spec', field) ?? {}, pods);
    const covered = all.some((each) => isCopy(each) && selects(each, CANARY));
    return all
      .filter((each) => !isCopy(each) && selects(each, STABLE) && !selects(each, CANARY))
      .filter((each) => isOlder(each, canary) && !covered)
      .map(({ kind, metadata }) => `a canary pod without a copy of ${kind} ${metadata.name}`);
  });
}

const isOlder = (one: KubeObject, other: KubeObject): boolean =>
  Date.parse(one.metadata.creationTimestamp ?? '') + 5_000 <
  Date.parse(other.metadata.creationTimestamp ?? '');

function deletedEarly(world: World, resource: string, copy: KubeObject): string[] {
  const original = world.get(resource, originalOf(copy));
  const selector =
    getObject(original, 'spec', 'podSelector') ?? getObject(original, 'spec', 'selector') ?? {};
  const needed =
    original !== undefined && selectorMatches(selector, STABLE) && !selectorMatches(selector, CANARY);
  const pods = world.api.store
    .list('pods', NAMESPACE)
    .filter(({ metadata }) => metadata.labels?.['app'] === CANARY.app);
  // Everything that the target owns is deleted with it, in no order.
  if (!needed || pods.length === 0 || world.target() === undefined || world.staleFor > 0) return [];
  return [`the copy of ${copy.kind} ${original.metadata.name} went before the last canary pod`];
}
