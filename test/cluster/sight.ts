import { getInteger, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject, Resource } from '../../api/kube.ts';
import { newestFirst } from '../../api/order.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { Split } from '../../api/split.ts';
import { KubeClient } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import { connect, type Connection } from '../../kube/http.ts';
import { Reflector } from '../../kube/reflector.ts';
import { Store } from '../../kube/store.ts';
import type { Listing } from '../../playground/demo/leftovers.ts';
import { listEverything } from '../../playground/demo/leftovers.ts';
import { isRaised, splitOf, splitRulesOf } from '../simulation/split.ts';
import { eventually } from '../support/eventually.ts';
import { APP, imageOf, REPLICAS, type Subject } from './targets.ts';

const CANARY = `${APP}-canary`;
const ROUTES = [
  RESOURCES.httpRoutes,
  RESOURCES.grpcRoutes,
  RESOURCES.ingresses,
  RESOURCES.virtualServices,
  RESOURCES.trafficSplits,
];
const FOLLOWED = [...ROUTES, RESOURCES.deployments, RESOURCES.releases, RESOURCES.events];
/** Warnings about orders of people, or about a switch that waits for an order. */
const TOLD: ReadonlySet<string> = new Set(['Aborted', 'Inconclusive']);
const nameOf = ({ group, plural }: Resource): string => (group === '' ? plural : `${plural}.${group}`);

/** What has been ordered in one namespace so far: no release may exceed it, at any moment. */
interface Bounds {
  /** images that may serve users */
  serving: Set<string>;
  most: Split;
}

/**
 * Everything that happens to the subjects, seen through an administrator's watches: the present state, and
 * all that was wrong at any moment.
 */
export class Sight {
  readonly broken: string[] = [];
  readonly #connection: Connection;
  readonly #stores = new Map(FOLLOWED.map((resource) => [nameOf(resource), new Store()]));
  readonly #reflectors: Reflector[] = [];
  readonly #bounds = new Map<string, Bounds>();

  private constructor(kubeconfig: string) {
    this.#connection = connect({ kubeconfig, userAgent: 'cluster-lane' });
  }

  static async start(kubeconfig: string): Promise<Sight> {
    const sight = new Sight(kubeconfig);
    const { transport } = sight.#connection;
    const client = new KubeClient({
      transport,
      clock: systemClock,
      fieldManager: 'lane',
      resources: FOLLOWED,
    });
    for (const resource of FOLLOWED) sight.#follow(client, resource);
    await eventually(() => {
      if (![...sight.#stores.values()].every(({ synced }) => synced)) throw new Error('not listed yet');
    });
    return sight;
  }

  stop(): void {
    for (const reflector of this.#reflectors) reflector.stop();
    this.#connection.close();
  }

  /**
   * From now on, users in the subject's namespace may get only this version, and the canary at most `most`.
   */
  bind({ name, most }: Subject, version: string): void {
    this.#bounds.set(name, { serving: new Set([imageOf(version)]), most });
  }

  /** An order allows this version for all users, in steps or at once. */
  allow({ name }: Subject, version: string): void {
    this.#bounds.get(name)?.serving.add(imageOf(version));
  }

  /** The canary may get this split of the requests. */
  allowSplit({ name }: Subject, most: Split): void {
    const bounds = this.#bounds.get(name);
    if (bounds !== undefined) bounds.most = most;
  }

  list(resource: Resource, namespace: string): KubeObject[] {
    return this.#stores.get(nameOf(resource))?.byNamespace(namespace) ?? [];
  }

  target({ name }: Subject): KubeObject | undefined {
    return this.#stores.get(nameOf(RESOURCES.deployments))?.get(name, APP);
  }

  release({ name }: Subject): KubeObject | undefined {
    return newestFirst(this.list(RESOURCES.releases, name))[0];
  }

  /** The newest release's state, e.g. "Promoted/Initial" */
  phase(subject: Subject): string {
    const { status } = this.release(subject) ?? {};
    return `${getString(status, 'phase') ?? ''}/${getString(status, 'reason') ?? ''}`;
  }

  /** Where the objects send requests. */
  split(namespace: string): Split {
    const canary = this.#stores.get(nameOf(RESOURCES.deployments))?.get(namespace, CANARY);
    if (namespace.startsWith('replicas')) {
      const pods = canary === undefined ? 0 : (getInteger(canary, 'spec', 'replicas') ?? 1);
      return { weight: (100 * pods) / (pods + REPLICAS), mirror: 0, matching: false };
    }
    return splitOf(splitRulesOf((resource) => this.#stores.get(resource)?.byNamespace(namespace) ?? []));
  }

  /**
   * Resolves once the newest release of each is in that phase; otherwise the error names those that are not,
   * and their states.
   */
  async until(subjects: readonly Subject[], phase: RegExp): Promise<void> {
    await this.#all(subjects, (subject) => phase.test(this.phase(subject)), String(phase));
  }

  /** Resolves once the canary gets all the requests that it may get. */
  async untilSplit(subjects: readonly Subject[]): Promise<void> {
    await this.#all(
      subjects,
      (subject) => {
        const { status } = this.release(subject) ?? {};
        const { weight, mirror, matching } = subject.most;
        return (
          getString(status, 'phase') === 'Progressing' &&
          (status?.['observedWeight'] ?? 0) === weight &&
          (status?.['observedMirror'] ?? 0) === mirror &&
          (status?.['observedMatching'] ?? false) === matching
        );
      },
      'the split',
    );
  }

  /**
   * The controller's warnings in these namespaces, except about how their releases ended; refused writes are
   * included.
   */
  complaints(subjects: readonly Subject[]): string[] {
    const text = (event: KubeObject, field: string): string => getString(event, field) ?? '';
    return subjects.flatMap(({ name }) =>
      this.list(RESOURCES.events, name)
        .filter(
          (event) => getString(event, 'source', 'component') === 'sluice' && event['type'] === 'Warning',
        )
        .filter((event) => !TOLD.has(text(event, 'reason')))
        .map((event) => `${name}: ${text(event, 'reason')}: ${text(event, 'message')}`),
    );
  }

  /** Every object of the cluster as it is now. */
  everything(): Promise<Listing> {
    return listEverything({ get: (path) => eventually(() => this.#get(path)) });
  }

  /** For a moment, a server says about a new kind that its storage is initializing. */
  async #get<T>(path: string): Promise<T> {
    const headers = { accept: 'application/json' };
    const response = await this.#connection.transport.request({ method: 'GET', url: path, headers });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  async #all(
    subjects: readonly Subject[],
    holds: (subject: Subject) => boolean,
    what: string,
  ): Promise<void> {
    await eventually(() => {
      const late = subjects.filter((subject) => !holds(subject));
      if (late.length > 0)
        throw new Error(`not ${what}: ${late.map((subject) => this.#told(subject)).join('\n')}`);
    });
  }

  #told(subject: Subject): string {
    const message = getString(this.release(subject)?.status, 'message') ?? '';
    const split = JSON.stringify(this.split(subject.name));
    return `${subject.name} is ${this.phase(subject)} (${message}) with ${split}`;
  }

  #follow(client: KubeClient, resource: Resource): void {
    const store = this.#stores.get(nameOf(resource));
    if (store === undefined) return;
    store.onChange(({ object }) => this.#look(object));
    const reflector = new Reflector({
      client,
      resource,
      clock: systemClock,
      random: Math.random,
      maxBackoffMs: 500,
      sink: store,
    });
    this.#reflectors.push(reflector);
    void reflector.run();
  }

  #look({ kind, metadata: { namespace = '', name } }: KubeObject): void {
    const bounds = this.#bounds.get(namespace);
    if (bounds === undefined) return;
    const split = this.split(namespace);
    if (isRaised(split, bounds.most))
      this.broken.push(`${namespace}: ${JSON.stringify(split)} is more than was ordered`);
    if (kind !== 'Deployment' || name !== APP) return;
    const target = this.#stores.get(nameOf(RESOURCES.deployments))?.get(namespace, APP);
    const [container] = getObjects(target?.spec, 'template', 'spec', 'containers');
    const image = getString(container, 'image') ?? '';
    if (target?.spec?.['paused'] !== true && !bounds.serving.has(image))
      this.broken.push(`${namespace}: ${image} rolls out, and nobody ordered it`);
  }
}
