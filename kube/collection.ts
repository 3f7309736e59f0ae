import type { KubeObject, Resource } from '../api/kube.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { KubeClient } from './client.ts';
import { KubeError } from './errors.ts';
import { Reflector } from './reflector.ts';
import { isNewer, Store, type Change, type Sink } from './store.ts';
import type { Clock } from '../lib/clock.ts';

type Type = Change['type'];

/** Gets every object of a collection that is watched as a whole, whatever its namespace. */
export interface Everywhere {
  /** reading the whole collection begins; `listed` says that it was read to its end */
  listing(): { see(object: KubeObject): void; listed(): void };
  see(type: Type, object: KubeObject): void;
}

export interface CollectionOptions {
  resource: Resource;
  client: Pick<KubeClient, 'listAll' | 'watch' | 'serves'>;
  clock: Clock;
  /** uniform in [0, 1) */
  random: () => number;
  /** what is watched as a whole: this namespace; undefined: all namespaces */
  scope: string | undefined;
  /** a kind the server does not know is an empty collection */
  optional: boolean;
  /** the store of a namespace that may not be read says so; otherwise what was read before stays */
  mayBeForbidden: boolean;
  trim?: (object: KubeObject) => KubeObject;
  everywhere?: Everywhere;
  /** lists of single namespaces wait for their turn */
  inTurn: <T>(task: () => Promise<T>) => Promise<T>;
  /** may a watch of this namespace alone be opened? */
  mayWatchAlone: (namespace: string) => boolean;
  /** called once it is known whether the collection exists, and whether it may be read as a whole */
  onKnown: () => void;
  /** called when a store was made, so that its listeners can be added */
  onOpen: (namespace: string, store: Store) => void;
  /** @param namespace undefined: the error is of the watch of all namespaces */
  onError: (error: KubeError, retryInMs: number, namespace: string | undefined) => void;
  onBug: (error: unknown) => void;
}

type State = 'unknown' | 'read' | 'absent' | 'forbidden';

interface Entry {
  store: Store;
  /** version of the list the store was filled from, which includes all events up to it; undefined: not filled yet */
  listedAt: string | undefined;
  /** events that came before the store was filled */
  early: [Type, KubeObject][];
  /** a watch of this namespace alone */
  alone: Reflector | undefined;
}

/**
 * One kind in the namespaces that are wanted: a store for each, all fed by one watch of the whole cluster, which keeps
 * nothing of other namespaces. So the number of connections does not grow with the number of namespaces. Where the
 * controller may read only single namespaces, each has a watch of its own.
 */
export class Collection {
  readonly #options: CollectionOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #wide: Reflector;
  /** namespaces that the running list, or the last one, covers */
  #covered = new Set<string>();
  #state: State = 'unknown';
  #started = false;
  #stopped = false;

  constructor(options: CollectionOptions) {
    this.#options = options;
    const { client, clock, random, resource, scope, optional } = options;
    this.#wide = new Reflector({
      client: {
        listAll: (kind, within) => this.#listAll(kind, within),
        watch: (kind, watch) => client.watch(kind, watch),
        serves: (kind) => client.serves(kind),
      },
      clock,
      random,
      resource,
      scope: { namespace: scope },
      sink: this.#sink(),
      optional,
      mayBeForbidden: true,
      onError: (error, retryInMs) => options.onError(error, retryInMs, scope),
    });
  }

  /** The whole collection was read, is not there, or may not be read as a whole. */
  get known(): boolean {
    return this.#state !== 'unknown';
  }

  /** The server does not have this kind. */
  get absent(): boolean {
    return this.#state === 'absent';
  }

  store(namespace: string): Store | undefined {
    return this.#entries.get(namespace)?.store;
  }

  /** The first list of all namespaces fills those opened before; each one opened later gets a list of its own. */
  start(): void {
    this.#started = true;
    this.#wide.run().catch(this.#options.onBug);
  }

  stop(): void {
    this.#stopped = true;
    this.#wide.stop();
    for (const { alone } of this.#entries.values()) alone?.stop();
  }

  open(namespace: string): void {
    if (this.#entries.has(namespace)) return;
    const { trim, onOpen } = this.#options;
    const store = new Store(trim === undefined ? {} : { trim });
    const entry: Entry = { store, listedAt: undefined, early: [], alone: undefined };
    this.#entries.set(namespace, entry);
    onOpen(namespace, store);
    if (this.#outOfScope(namespace)) this.#watchAlone(namespace, entry);
    else if (this.#state === 'absent') store.absent();
    else if (this.#state === 'forbidden') this.#refused(namespace, entry);
    else if (this.#started) this.#fill(namespace, entry, 1);
  }

  close(namespace: string): void {
    this.#entries.get(namespace)?.alone?.stop();
    this.#entries.delete(namespace);
  }

  #outOfScope(namespace: string): boolean {
    const { scope } = this.#options;
    return scope !== undefined && scope !== namespace;
  }

  /** Lists the whole collection, and keeps only what is wanted. */
  async #listAll(...[resource, scope]: Parameters<KubeClient['listAll']>) {
    const { client, everywhere } = this.#options;
    const covered = new Set([...this.#entries.keys()].filter((each) => !this.#outOfScope(each)));
    const list = everywhere?.listing();
    const page = await client.listAll(resource, scope, undefined, (object) => {
      list?.see(object);
      return covered.has(object.metadata.namespace ?? '');
    });
    list?.listed();
    this.#covered = covered;
    return page;
  }

  #sink(): Sink {
    return {
      replace: (objects, version) => this.#replace(objects, version),
      observe: (type, object) => this.#observe(type, object),
      bookmark: () => undefined,
      absent: () => {
        this.#become('absent');
        this.#each((_, entry) => {
          this.#endAlone(entry);
          entry.store.absent();
        });
      },
      forbidden: () => {
        this.#become('forbidden');
        this.#each((namespace, entry) => this.#refused(namespace, entry));
      },
    };
  }

  #become(state: State): void {
    const isFirst = !this.known;
    this.#state = state;
    if (isFirst) this.#options.onKnown();
  }

  #each(act: (namespace: string, entry: Entry) => void): void {
    for (const [namespace, entry] of this.#entries) if (!this.#outOfScope(namespace)) act(namespace, entry);
  }

  #replace(objects: readonly KubeObject[], version: string): void {
    this.#become('read');
    const lists = new Map<string, KubeObject[]>([...this.#covered].map((namespace) => [namespace, []]));
    for (const object of objects) lists.get(object.metadata.namespace ?? '')?.push(object);
    for (const [namespace, list] of lists) {
      const entry = this.#entries.get(namespace);
      if (entry === undefined) continue;
      this.#endAlone(entry);
      this.#filled(entry, list, version);
    }
  }

  #filled(entry: Entry, objects: readonly KubeObject[], version: string): void {
    const { early } = entry;
    entry.listedAt = version;
    entry.early = [];
    entry.store.replace(objects, version);
    for (const [type, object] of early) this.#pass(entry, type, object);
  }

  #observe(type: Type, object: KubeObject): void {
    this.#options.everywhere?.see(type, object);
    const entry = this.#entries.get(object.metadata.namespace ?? '');
    if (entry === undefined || entry.alone !== undefined) return;
    if (entry.listedAt === undefined) entry.early.push([type, object]);
    else this.#pass(entry, type, object);
  }

  #pass({ store, listedAt }: Entry, type: Type, object: KubeObject): void {
    if (isNewer(object.metadata.resourceVersion ?? '0', listedAt ?? '0')) store.observe(type, object);
  }

  /** Lists a namespace that was opened after the list of all namespaces; its changes come through the watch of all. */
  #fill(namespace: string, entry: Entry, attempt: number): void {
    const { resource, client, clock, random, inTurn, onError, onBug } = this.#options;
    const isWanted = () =>
      !this.#stopped && this.#entries.get(namespace) === entry && entry.listedAt === undefined;
    const list = async () => {
      if (!isWanted()) return undefined;
      // The list will be as new as every event that the watch has delivered so far.
      entry.early = [];
      return client.listAll(resource, { namespace });
    };
    inTurn(list).then(
      (page) => {
        if (page !== undefined && isWanted() && this.#state !== 'forbidden')
          this.#filled(entry, page.items, page.resourceVersion);
      },
      (error: unknown) => {
        if (!(error instanceof KubeError)) return onBug(error);
        // What the watch of all namespaces found out about the kind holds for this namespace as well.
        if (!isWanted() || this.#state === 'absent' || this.#state === 'forbidden') return;
        const waitMs = backoffMs(attempt, { minMs: 500, maxMs: 30_000, random });
        onError(error, waitMs, namespace);
        clock.after(waitMs, () => {
          if (isWanted()) this.#fill(namespace, entry, attempt + 1);
        });
      },
    );
  }

  /** The whole collection may not be read; perhaps this namespace may be. */
  #refused(namespace: string, entry: Entry): void {
    if (namespace !== this.#options.scope) this.#watchAlone(namespace, entry);
    else if (this.#options.mayBeForbidden) entry.store.forbidden();
  }

  #watchAlone(namespace: string, entry: Entry): void {
    const { client, clock, random, resource, optional, mayBeForbidden, mayWatchAlone, onError, onBug } =
      this.#options;
    if (entry.alone !== undefined || !mayWatchAlone(namespace)) return;
    entry.early = [];
    entry.alone = new Reflector({
      client,
      clock,
      random,
      resource,
      scope: { namespace },
      sink: entry.store,
      optional,
      mayBeForbidden,
      onError: (error, retryInMs) => onError(error, retryInMs, namespace),
    });
    entry.alone.run().catch(onBug);
  }

  #endAlone(entry: Entry): void {
    entry.alone?.stop();
    entry.alone = undefined;
  }
}
