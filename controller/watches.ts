import type { TargetName } from '../api/target-key.ts';
import { FairQueue } from '../analysis/jobs/fair-queue.ts';
import type { KubeObject, Resource } from '../api/kube.ts';
import { RESOURCES } from '../api/resources.ts';
import type { KubeClient } from '../kube/client.ts';
import { isForbidden, type KubeError } from '../kube/errors.ts';
import { Collection } from '../kube/collection.ts';
import { Reflector } from '../kube/reflector.ts';
import { Store } from '../kube/store.ts';
import type { Change } from '../kube/store.ts';
import type { Clock } from '../lib/clock.ts';
import { FOLLOWED } from '../release/companions/index.ts';
import { ClusterWatch } from './observe/cluster-watch.ts';
import { CONSIDERED } from '../release/preflight/index.ts';
import { owningDeployment, owningReplicaSet, targetOf } from './observe/owners.ts';
import { ReachingOut } from './observe/reaching-out.ts';
import { mayBeAbsent, SHARED, WATCHED } from '../release/rights.ts';
import { FORBIDDEN, type Listing, type Reader } from './observe/snapshot.ts';
import { Targets } from './observe/targets.ts';
import { trim, withoutManagers } from './observe/trim.ts';

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
  onKey: (key: TargetName) => void;
  onError: (error: KubeError, resource: Resource, retryInMs: number) => void;
  /** nothing can be decided about the targets of this namespace: half a sentence, why and what to do; called once */
  onBlind: (namespace: string, why: string) => void;
  /** called once, after the server has been asked for all kinds: those of the needed kinds that it does not have */
  onAbsent: (kinds: readonly Resource[]) => void;
  /** a reflector broke down: a bug */
  onBug: (error: unknown) => void;
}

interface Watch {
  /** for people, e.g. "pods in team" */
  name: string;
  store: Store;
  reflector: Reflector;
}

const CLASSES = RESOURCES.ingressClasses;
/** The objects of a namespace that has no targets any more are dropped after this long. */
const LINGER_MS = 60_000;
/** Lists of single namespaces that run at the same time. */
const LISTS = 8;
/**
 * Maximum number of namespaces that are watched one by one, where rights are granted per namespace: each costs a
 * connection for each kind.
 */
export const MOST_ALONE = 50;

/**
 * All watches of the controller. Two carry metadata only and find the targets. Every kind that targets need has one
 * watch, which keeps full objects of the namespaces that have targets. Every change becomes the keys of the targets it
 * may concern; the queue drops repetitions, so too many keys do no harm.
 */
export class Watches implements Reader {
  readonly #options: WatchesOptions;
  readonly #targets = new Targets();
  readonly #collections = new Map<Resource, Collection>();
  readonly #namespaces = new Set<string>();
  readonly #leaving = new Map<string, () => void>();
  readonly #discovery: Watch[] = [];
  readonly #reachingOut = new ReachingOut();
  readonly #classes: ClusterWatch;
  readonly #alone = new Set<string>();
  /** namespaces of which something necessary is not known, and why */
  readonly #blind = new Map<string, string>();
  #stopped = false;

  constructor(options: WatchesOptions) {
    this.#options = options;
    const { client, clock, random, onError } = options;
    this.#classes = new ClusterWatch(CLASSES, {
      client,
      clock,
      random,
      onError: (error, retryInMs) => onError(error, CLASSES, retryInMs),
    });
    const lists = new FairQueue({ concurrency: LISTS });
    for (const resource of WATCHED) this.#collections.set(resource, this.#collection(resource, lists));
  }

  /** The Deployments that have opted in, as far as they are known and decisions about them are possible. */
  get optedIn(): TargetName[] {
    return this.#targets.optedIn().filter(({ namespace }) => !this.#blind.has(namespace));
  }

  /** Namespaces with targets about which nothing can be decided. */
  get blind(): ReadonlyMap<string, string> {
    return this.#blind;
  }

  /** What has not been read yet and concerns all targets. A single namespace that may not be read does not count. */
  get unsynced(): string[] {
    const { namespace, controllerNamespace } = this.#options;
    const discovery = this.#discovery.filter(({ store }) => !store.synced).map(({ name }) => name);
    const kinds = WATCHED.filter((each) => this.#collections.get(each)?.known !== true);
    const shared = SHARED.filter((each) => this.#storeOf(each, controllerNamespace)?.synced !== true);
    return [
      ...discovery,
      ...kinds.map((each) => nameOf(each, namespace)),
      ...shared.map((each) => nameOf(each, controllerNamespace)),
    ];
  }

  start(): void {
    this.#classes.start(this.#options.onBug);
    for (const resource of SHARED) this.#collections.get(resource)?.open(this.#options.controllerNamespace);
    this.#discover(RESOURCES.releases, (change) => this.#targets.releaseChanged(change));
    this.#discover(RESOURCES.deployments, (change) => this.#targets.deploymentChanged(change));
    // Once the targets' namespaces are known, one list of each kind serves them all.
    let unknown = this.#discovery.length;
    for (const { store } of this.#discovery) {
      store.onSynced(() => {
        unknown -= 1;
        if (unknown > 0 || this.#stopped) return;
        for (const collection of this.#collections.values()) collection.start();
      });
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#classes.stop();
    for (const { reflector } of this.#discovery) reflector.stop();
    for (const collection of this.#collections.values()) collection.stop();
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

  classes(): readonly KubeObject[] | undefined {
    return this.#classes.list();
  }

  elsewhere(namespace: string, trusted: readonly string[]): KubeObject[] {
    return this.#reachingOut.into(namespace, trusted);
  }

  /** The target's uid, as far as it is known. */
  uidOf({ namespace, name }: TargetName): string | undefined {
    for (const { store } of this.#discovery) {
      const object = store.get(namespace, name);
      if (object?.kind === RESOURCES.deployments.kind) return object.metadata.uid;
    }
    return undefined;
  }

  /** The known targets of a namespace. */
  targetsIn(namespace: string): TargetName[] {
    return [...this.#targets.in(namespace)].map((name) => ({ namespace, name }));
  }

  #storeOf(resource: Resource, namespace: string): Store | undefined {
    return this.#collections.get(resource)?.store(namespace);
  }

  /** Is this key a target, that is, opted in or with Releases? */
  knows(key: TargetName): boolean {
    return this.#targets.has(key.namespace, key.name);
  }

  /** Reports every known target, as if each had changed. */
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

  /** Starts watching a namespace with targets, or stops, after a while, watching one that has none. */
  #enter(namespace: string): void {
    const wanted = this.#targets.in(namespace).size > 0;
    if (wanted) {
      this.#leaving.get(namespace)?.();
      this.#leaving.delete(namespace);
      if (this.#namespaces.has(namespace)) return;
      this.#namespaces.add(namespace);
      for (const collection of this.#collections.values()) collection.open(namespace);
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
    this.#alone.delete(namespace);
    this.#blind.delete(namespace);
    const keep = namespace === this.#options.controllerNamespace ? SHARED : [];
    for (const [resource, collection] of this.#collections)
      if (!keep.includes(resource)) collection.close(namespace);
  }

  #collection(resource: Resource, lists: FairQueue): Collection {
    const { client, clock, random, namespace: scope, onBug } = this.#options;
    const mayBeForbidden = FOLLOWED.includes(resource) || CONSIDERED.includes(resource);
    return new Collection({
      client,
      clock,
      random,
      resource,
      scope,
      optional: mayBeAbsent(resource),
      mayBeForbidden,
      ...(mayBeForbidden ? { trim: withoutManagers } : {}),
      ...(resource === RESOURCES.networkPolicies ? { everywhere: this.#reachingOut } : {}),
      inTurn: (task) => lists.run(task),
      mayWatchAlone: (namespace) => this.#mayWatchAlone(namespace),
      onKnown: () => this.#tellAbsent(),
      onOpen: (namespace, store) => this.#listen(resource, namespace, store),
      onError: (error, retryInMs, namespace) => {
        this.#options.onError(error, resource, retryInMs);
        if (namespace !== undefined && isForbidden(error) && !mayBeForbidden)
          this.#cannotRead(resource, namespace);
      },
      onBug,
    });
  }

  #tellAbsent(): void {
    const collections = [...this.#collections.values()];
    if (!collections.every(({ known }) => known)) return;
    this.#options.onAbsent(WATCHED.filter((each) => this.#collections.get(each)?.absent));
  }

  #listen(resource: Resource, namespace: string, store: Store): void {
    store.onChange((change) => {
      if (this.#stopped) return;
      if (resource === RESOURCES.networkPolicies) this.#reachingOut.see(change.type, change.object);
      this.#tell(resource, namespace, change.object);
    });
    store.onSynced(() => {
      this.#sees(namespace);
      this.#tellConcerned(resource, namespace);
    });
  }

  #mayWatchAlone(namespace: string): boolean {
    const { controllerNamespace } = this.#options;
    if (namespace === controllerNamespace || this.#alone.has(namespace)) return true;
    if (this.#alone.size >= MOST_ALONE) {
      this.#cannotSee(
        namespace,
        `Sluice watches at most ${MOST_ALONE} namespaces one by one; give it the right to list and watch in all namespaces, or start a controller with --namespace ${namespace}`,
      );
      return false;
    }
    this.#alone.add(namespace);
    return true;
  }

  #cannotRead({ plural, group }: Resource, namespace: string): void {
    this.#cannotSee(
      namespace,
      `Sluice may not list and watch ${plural}${group === '' ? '' : `.${group}`} there; give it that right (docs/operations.md, Permissions)`,
    );
  }

  #cannotSee(namespace: string, why: string): void {
    if (this.#blind.has(namespace) || !this.#namespaces.has(namespace)) return;
    this.#blind.set(namespace, why);
    this.#options.onBlind(namespace, why);
  }

  /** Another list was read: perhaps the namespace is now complete. */
  #sees(namespace: string): void {
    if (!this.#blind.has(namespace)) return;
    const all = WATCHED.every((resource) => this.#storeOf(resource, namespace)?.synced === true);
    if (all) this.#blind.delete(namespace);
  }

  #watch(
    resource: Resource,
    scope: { namespace: string | undefined; metadataOnly: true },
    onChange: (change: Change) => void,
  ): Watch {
    const { client, clock, random, onError, onBug } = this.#options;
    const store = new Store({ trim });
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
      onError: (error, retryInMs) => onError(error, resource, retryInMs),
    });
    reflector.run().catch(onBug);
    return { name: nameOf(resource, scope.namespace), store, reflector };
  }

  #tell(resource: Resource, namespace: string, object: KubeObject): void {
    // The status of these objects changes all the time, and they are read again anyway while they stand against a
    // release.
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

  /** undefined while the ReplicaSet is not known; its own event will report the target. */
  #deploymentOfPod(namespace: string, pod: KubeObject): string | undefined {
    const replicaSetName = owningReplicaSet(pod)?.name;
    if (replicaSetName === undefined) return undefined;
    const replicaSet = this.#stored(RESOURCES.replicaSets, namespace, replicaSetName);
    return replicaSet === undefined ? undefined : owningDeployment(replicaSet);
  }

  #stored(resource: Resource, namespace: string, name: string): KubeObject | undefined {
    return this.#storeOf(resource, namespace)?.get(namespace, name);
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

const nameOf = ({ plural }: Resource, namespace: string | undefined): string =>
  `${plural} in ${namespace ?? 'all namespaces'}`;
