import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject, Resource } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ANNOTATION } from '../../api/names.ts';
import { newestFirst } from '../../api/order.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import { connect, type Connection } from '../../kube/http.ts';
import { Reflector } from '../../kube/reflector.ts';
import { Store } from '../../kube/store.ts';
import { eventually } from '../support/eventually.ts';
import type { Ran } from './control-plane.ts';
import type { Lane } from './lane.ts';

export const NAMESPACE = 'shop';
export const REPLICAS = 2;
const POLICY = 'by-hand';
/** Public images: in a borrowed cluster the pods really run. */
export const image = (version: number): string => `busybox:1.${30 + version}`;
/** None of its pods becomes ready, in any cluster. */
export const NEVER_READY = 'registry.invalid/never-ready:1';

/** A Deployment that is delivered without a router, as its author writes it. */
export function deployment(name: string, version = image(1), spec: JsonObject = {}): KubeObject {
  const container = { name: 'app', image: version, command: ['sleep', 'infinity'] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE, annotations: { [ANNOTATION.policy]: POLICY } },
    spec: {
      replicas: REPLICAS,
      ...spec,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [container], terminationGracePeriodSeconds: 0 },
      },
    },
  };
}

/** A step continues only by an order: nothing here measures. */
const policy: KubeObject = {
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'ReleasePolicy',
  metadata: { name: POLICY, namespace: NAMESPACE },
  spec: {
    provider: 'replicas',
    steps: [{ weight: 50, minDuration: '1h' }],
    warmup: '0s',
    settle: '0s',
    drain: '0s',
  },
};

function holdOf({ spec, metadata }: KubeObject): string {
  const marker = metadata.annotations?.[ANNOTATION.held] ?? 'unmarked';
  return `${spec?.['paused'] === true ? 'paused' : 'un-paused'}, ${marker}`;
}

const FOLLOWED = [RESOURCES.deployments, RESOURCES.pods, RESOURCES.releases];

/** Deployments that have opted in, seen through kubectl and an administrator's watches. */
export class Targets {
  readonly #lane: Lane;
  readonly #connection: Connection;
  readonly #stores = new Map<Resource, Store>(FOLLOWED.map((resource) => [resource, new Store()]));
  readonly #reflectors: Reflector[];

  private constructor(lane: Lane) {
    this.#lane = lane;
    this.#connection = connect({ kubeconfig: lane.kubeconfig, userAgent: 'cluster-lane' });
    const client = new KubeClient({
      transport: this.#connection.transport,
      clock: systemClock,
      fieldManager: 'lane',
      resources: FOLLOWED,
    });
    this.#reflectors = [...this.#stores].map(
      ([resource, sink]) =>
        new Reflector({ client, resource, clock: systemClock, random: Math.random, maxBackoffMs: 500, sink }),
    );
    for (const reflector of this.#reflectors) void reflector.run();
  }

  /** Resolves when each of them serves its first version, and the controller has seen it. */
  static async start(lane: Lane, deployments: readonly KubeObject[]): Promise<Targets> {
    const targets = new Targets(lane);
    await lane.namespace(NAMESPACE);
    await lane.apply([policy, ...deployments]);
    for (const { metadata } of deployments) await targets.until(metadata.name, /^Promoted\/Initial$/);
    return targets;
  }

  stop(): void {
    for (const reflector of this.#reflectors) reflector.stop();
    this.#connection.close();
  }

  /** Runs kubectl in the namespace of the targets. */
  kubectl(...args: string[]): Promise<Ran> {
    return this.#lane.kubectl([...args, '-n', NAMESPACE]);
  }

  sluice(...args: string[]): Promise<Ran> {
    return this.#lane.sluice(...args, '-n', NAMESPACE);
  }

  /** The state of the Deployment now, such as "paused, new". */
  async hold(name: string): Promise<string> {
    return holdOf(await this.#lane.get('deployment', name, NAMESPACE));
  }

  /** Resolves once the controller has brought the target to that state. */
  async untilHold(name: string, hold: string): Promise<void> {
    await eventually(() => {
      const target = this.deployment(name);
      const seen = target === undefined ? 'not there' : holdOf(target);
      if (seen !== hold) throw new Error(`${name} is ${seen} and not ${hold}: ${this.phase(name)}`);
    });
  }

  /** Resolves once `kubectl rollout status` reports that the target is rolled out. */
  async untilRolledOut(name: string): Promise<void> {
    await eventually(async () => {
      const { out } = await this.kubectl('rollout', 'status', `deployment/${name}`, '--watch=false');
      if (!out.includes('successfully rolled out')) throw new Error(out);
    });
  }

  deployment(name: string): KubeObject | undefined {
    return this.#store(RESOURCES.deployments).get(NAMESPACE, name);
  }

  /** The newest release of a target. */
  release(name: string): KubeObject | undefined {
    const all = this.#store(RESOURCES.releases).byNamespace(NAMESPACE);
    return newestFirst(all.filter(({ spec }) => getString(spec, 'target', 'name') === name))[0];
  }

  phase(name: string): string {
    const { status } = this.release(name) ?? {};
    return `${getString(status, 'phase') ?? ''}/${getString(status, 'reason') ?? ''}`;
  }

  /** Pods of the target itself that are not being deleted, "image uid"; the canary's have another label. */
  pods(name: string): string[] {
    return this.#store(RESOURCES.pods)
      .byNamespace(NAMESPACE)
      .filter(({ metadata }) => metadata.labels?.['app'] === name && metadata.deletionTimestamp === undefined)
      .map(
        (pod) =>
          `${getString(getObjects(pod.spec, 'containers')[0], 'image') ?? ''} ${pod.metadata.uid ?? ''}`,
      )
      .toSorted();
  }

  /** Resolves once the newest release is in that phase. */
  async until(name: string, phase: RegExp): Promise<void> {
    await eventually(() => {
      const seen = this.phase(name);
      if (!phase.test(seen)) {
        const message = getString(this.release(name)?.status, 'message') ?? '';
        throw new Error(`${name} is ${seen} and not ${String(phase)}: ${message}`);
      }
    });
  }

  /** Resolves once all wanted pods of the target have this version, and no other pods are left. */
  async untilServing(name: string, version: string): Promise<void> {
    await eventually(() => {
      const pods = this.pods(name);
      const wanted = Number(this.deployment(name)?.spec?.['replicas']);
      if (pods.length !== wanted || !pods.every((pod) => pod.startsWith(`${version} `)))
        throw new Error(`${name} is served by ${pods.join(', ')} and not by ${wanted} of ${version}`);
    });
  }

  /** Resolves once none of these pods is left. */
  async untilReplaced(name: string, before: readonly string[]): Promise<void> {
    await eventually(() => {
      const left = this.pods(name).filter((pod) => before.includes(pod));
      if (left.length > 0) throw new Error(`${name} still has ${left.join(', ')}`);
    });
  }

  #store(resource: Resource): Store {
    return this.#stores.get(resource)!;
  }
}
