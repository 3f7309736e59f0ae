import type { KubeObject, Resource } from '../api/kube.ts';
import { ANNOTATION } from '../api/names.ts';
import { RESOURCES } from '../api/resources.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeError } from '../kube/errors.ts';
import { Reflector } from '../kube/reflector.ts';
import { Store } from '../kube/store.ts';
import type { Change } from '../kube/store.ts';
import type { Clock } from '../kube/types.ts';
import { ROUTE_KINDS } from '../providers/index.ts';
import { FOLLOWED, reachesOut } from './companions/index.ts';
import { CONSIDERED } from './discovery/index.ts';
import { owningDeployment, owningReplicaSet, targetOf } from './owners.ts';
import type { Key } from './model.ts';
import { FORBIDDEN, type Listing, type Reader } from './snapshot.ts';
import { Targets } from './targets.ts';

export interface WatchesOptions {
  client: Pick<KubeClient, 'listAll' | 'watch' | 'serves'>;
  clock: Clock;
  /** uniform in [0, 1) */
  random: () => number;
  /** the only namespace to look for targets in; undefined: all */
  namespace: string | undefined;
  /** home of shared policies and templates */
  controllerNamespace: string;
  /** something changed that concerns this target */
  onKey: (key: Key) => void;
  onError: (error: KubeError, resource: Resource, retryInMs: number) => void;
  /** a reflector broke down: a bug */
  onBug: (error: unknown) => void;
}

interface Watch {
  /** for people, e.g. "pods in team" */
  name: string;
  store: Store;
  reflector: Reflector;
}

const SHARED = [RESOURCES.releasePolicies, RESOURCES.analysisTemplates];
const PER_NAMESPACE: readonly Resource[] = [
  RESOURCES.deployments,
  RESOURCES.replicaSets,
  RESOURCES.pods,
  RESOURCES.services,
  ...ROUTE_KINDS.map((kind) => RESOURCES[kind]),
  ...CONSIDERED,
  RESOURCES.releases,
  ...SHARED,
];
/** Watches of a namespace that has no targets any more end after this long. */
const LINGER_MS = 60_000;

/**
 * All watches of the controller. Two wide ones carry metadata only and find the targets; full objects are watched in
 * the namespaces that have targets. What may have to follow a canary is watched everywhere at once: many kinds with few
 * objects, most of them absent from most clusters. Every change becomes the keys of the targets it may concern: the queue drops
 * repetitions, so this errs on the side of too many.
 */
export class Watches implements Reader {
  readonly #options: WatchesOptions;
  readonly #targets = new Targets();
  readonly #watches = new Map<string, Watch>();
  readonly #namespaces = new Set<string>();
  readonly #leaving = new Map<string, () => void>();
  readonly #discovery: Watch[] = [];
  readonly #followed = new Map<Resource, Watch>();
  /** NetworkPolicies that reach out of their namespace, by namespace and name */
  readonly #reachingOut = new Map<string, KubeObject>();
  #stopped = false;

  constructor(options: WatchesOptions) {
    this.#options = options;
  }

  /** The Deployments that have opted in, as far as they are known. */
  get optedIn(): Key[] {
    return this.#targets.optedIn();
  }

  /** What has not been read yet. Empty: every target is known and so is every namespace with targets. */
  get unsynced(): string[] {
    return this.#all()
      .filter(({ store }) => !store.synced)
      .map(({ name }) => name);
  }

  start(): void {
    for (const resource of SHARED) this.#open(resource, this.#options.controllerNamespace);
    for (const resource of FOLLOWED) this.#follow(resource);
    this.#discover(RESOURCES.releases, (change) => this.#targets.releaseChanged(change));
    this.#discover(RESOURCES.deployments, (change) => this.#targets.deploymentChanged(change));
  }

  stop(): void {
    this.#stopped = true;
    for (const { reflector } of this.#all()) reflector.stop();
    for (const cancel of this.#leaving.values()) cancel();
  }

  list(resource: Resource, namespace: string): Listing {
    const store = this.#storeOf(resource, namespace);
    if (store?.synced !== true) return undefined;
    return store.isForbidden ? FORBIDDEN : store.byNamespace(namespace);
  }

  written(resource: Resource, object: KubeObject): void {
    this.#storeOf(resource, object.metadata.namespace ?? '')?.written(object);
  }

  elsewhere(namespace: string): KubeObject[] {
    return [...this.#reachingOut.values()].filter((each) => each.metadata.namespace !== namespace);
  }

  /** Few do: looking through every NetworkPolicy of the cluster in each pass would be too much. */
  #noteReach({ type, object }: Change): void {
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    if (type !== 'DELETED' && reachesOut(object)) this.#reachingOut.set(key, object);
    else this.#reachingOut.delete(key);
  }

  #storeOf(resource: Resource, namespace: string): Store | undefined {
    return (this.#followed.get(resource) ?? this.#watches.get(watchKey(resource, namespace)))?.store;
  }

  #all(): Watch[] {
    return [...this.#discovery, ...this.#followed.values(), ...this.#watches.values()];
  }

  /** The key is a target: opted in, or with Releases. */
  knows(key: Key): boolean {
    return this.#targets.has(key.namespace, key.name);
  }

  /** Tells of every known target, as if each had changed. */
  tellAll(): void {
    for (const namespace of this.#targets.namespaces()) this.#tellNamespace(namespace);
  }

  #discover(resource: Resource, note: (change: Change) => string | undefined): void {
    const watch = this.#watch(
      resource,
      { namespace: this.#options.namespace, metadataOnly: true },
      (change) => {
        const { namespace = '' } = change.object.metadata;
        const name = note(change);
        if (name === undefined) return;
        this.#enter(namespace);
        this.#options.onKey({ namespace, name });
      },
    );
    this.#discovery.push(watch);
  }

  #follow(resource: Resource): void {
    const scope = { namespace: this.#options.namespace };
    const watch = this.#watch(resource, scope, (change) => {
      const { object } = change;
      if (resource === RESOURCES.networkPolicies) this.#noteReach(change);
      this.#tell(resource, object.metadata.namespace ?? '', object);
    });
    this.#followed.set(resource, watch);
    watch.store.onSynced(() => this.tellAll());
  }

  /** Starts the watches of a namespace with targets, or lets those of one without end after a while. */
  #enter(namespace: string): void {
    const wanted = this.#targets.in(namespace).size > 0;
    if (wanted) {
      this.#leaving.get(namespace)?.();
      this.#leaving.delete(namespace);
      if (this.#namespaces.has(namespace)) return;
      this.#namespaces.add(namespace);
      for (const resource of PER_NAMESPACE) this.#open(resource, namespace);
    } else if (this.#namespaces.has(namespace) && !this.#leaving.has(namespace)) {
      this.#leaving.set(
        namespace,
        this.#options.clock.after(LINGER_MS, () => this.#leave(namespace)),
      );
    }
  }

  #leave(namespace: string): void {
    this.#leaving.delete(namespace);
    this.#namespaces.delete(namespace);
    const keep = namespace === this.#options.controllerNamespace ? SHARED : [];
    for (const resource of PER_NAMESPACE) {
      const key = watchKey(resource, namespace);
      if (keep.includes(resource)) continue;
      this.#watches.get(key)?.reflector.stop();
      this.#watches.delete(key);
    }
  }

  #open(resource: Resource, namespace: string): void {
    const key = watchKey(resource, namespace);
    if (this.#watches.has(key)) return;
    const watch = this.#watch(resource, { namespace }, (change) =>
      this.#tell(resource, namespace, change.object),
    );
    this.#watches.set(key, watch);
    watch.store.onSynced(() => this.#tellConcerned(resource, namespace));
  }

  #watch(
    resource: Resource,
    scope: { namespace: string | undefined; metadataOnly?: boolean },
    onChange: (change: Change) => void,
  ): Watch {
    const { client, clock, random, onError, onBug } = this.#options;
    const mayBeForbidden = FOLLOWED.includes(resource) || CONSIDERED.includes(resource);
    const store = new Store({
      ...(scope.metadataOnly === true ? { trim } : {}),
      ...(mayBeForbidden ? { trim: withoutManagers } : {}),
    });
    store.onChange((change) => {
      if (!this.#stopped) onChange(change);
    });
    const reflector = new Reflector({
      client,
      clock,
      random,
      resource,
      scope,
      sink: store,
      optional: mayBeAbsent(resource),
      mayBeForbidden,
      onError: (error, retryInMs) => onError(error, resource, retryInMs),
    });
    reflector.run().catch(onBug);
    const { namespace } = scope;
    const where = namespace === undefined ? 'in all namespaces' : `in ${namespace}`;
    return { name: `${resource.plural} ${where}`, store, reflector };
  }

  #tell(resource: Resource, namespace: string, object: KubeObject): void {
    // Their status changes all the time, and they are looked at again anyway as long as they stand against a release.
    if (CONSIDERED.includes(resource)) return;
    const target = targetOf(object);
    if (target !== undefined) return this.#options.onKey({ namespace, name: target });
    switch (resource) {
      case RESOURCES.deployments:
        return this.#tellDeployment(namespace, object.metadata.name);
      case RESOURCES.replicaSets:
        return this.#tellDeployment(namespace, owningDeployment(object));
      case RESOURCES.pods:
        return this.#tellDeployment(namespace, this.#deploymentOfPod(namespace, object));
      default:
        return this.#tellConcerned(resource, namespace);
    }
  }

  /** A Deployment is a target itself, or the canary of one. */
  #tellDeployment(namespace: string, name: string | undefined): void {
    if (name === undefined) return;
    if (this.#targets.has(namespace, name)) this.#options.onKey({ namespace, name });
    const deployment = this.#stored(RESOURCES.deployments, namespace, name);
    const target = deployment === undefined ? undefined : targetOf(deployment);
    if (target !== undefined) this.#options.onKey({ namespace, name: target });
  }

  /** Not known yet while the ReplicaSet is not: its own event will tell. */
  #deploymentOfPod(namespace: string, pod: KubeObject): string | undefined {
    const replicaSetName = owningReplicaSet(pod)?.name;
    if (replicaSetName === undefined) return undefined;
    const replicaSet = this.#stored(RESOURCES.replicaSets, namespace, replicaSetName);
    return replicaSet === undefined ? undefined : owningDeployment(replicaSet);
  }

  #stored(resource: Resource, namespace: string, name: string): KubeObject | undefined {
    return this.#watches.get(watchKey(resource, namespace))?.store.get(namespace, name);
  }

  /** Services, routes, policies and templates may concern every target that sees them. */
  #tellConcerned(resource: Resource, namespace: string): void {
    if (namespace === this.#options.controllerNamespace && SHARED.includes(resource)) this.tellAll();
    else this.#tellNamespace(namespace);
  }

  #tellNamespace(namespace: string): void {
    for (const name of this.#targets.in(namespace)) this.#options.onKey({ namespace, name });
  }
}

/** Where Gateway API or a mesh is not installed there are no routes of it. Without our own kinds nothing may be decided. */
export function mayBeAbsent(resource: Resource): boolean {
  if (FOLLOWED.includes(resource) || CONSIDERED.includes(resource)) return true;
  return resource !== RESOURCES.ingresses && ROUTE_KINDS.some((kind) => RESOURCES[kind] === resource);
}

function watchKey(resource: Resource, namespace: string): string {
  return `${resource.plural}.${resource.group}/${namespace}`;
}

/** Who wrote which field is half of an object, and nobody asks. */
function withoutManagers(object: KubeObject): KubeObject {
  const metadata = { ...object.metadata };
  delete metadata.managedFields;
  return { ...object, metadata };
}

/** Of the many objects of a wide watch only what finds targets is kept. */
function trim(object: KubeObject): KubeObject {
  const { namespace, name, uid, resourceVersion, labels, annotations, ownerReferences } = object.metadata;
  const policy = annotations?.[ANNOTATION.policy];
  const kept = {
    namespace,
    name,
    uid,
    resourceVersion,
    labels,
    ownerReferences,
    annotations: policy === undefined ? undefined : { [ANNOTATION.policy]: policy },
  };
  const metadata = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
  return { apiVersion: object.apiVersion, kind: object.kind, metadata: { ...metadata, name } };
}
