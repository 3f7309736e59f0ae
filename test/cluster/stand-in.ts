import { getNumber, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject, Resource } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import { connect, type Connection } from '../../kube/http.ts';
import { objectPath } from '../../kube/paths.ts';
import { Reflector } from '../../kube/reflector.ts';

const NODE = 'lane';
/** The name of the Gateway controller in statuses. */
export const GATEWAY_CONTROLLER = 'traefik.io/gateway-controller';
/** The name of the mesh that serves routes whose parent is a Service. */
const MESH_CONTROLLER = 'linkerd.io/policy-controller';

/**
 * Does what a control plane alone does not do: puts pods on a node, gives them an address and makes them
 * ready (unless their image says "never-ready"), removes deleted pods, and writes what a Gateway controller
 * writes to the status of a route and what Linkerd's SMI extension writes to ServiceProfiles.
 */
export class StandIn {
  readonly #connection: Connection;
  readonly #reflectors: Reflector[] = [];
  #addresses = 0;

  private constructor(kubeconfig: string) {
    this.#connection = connect({ kubeconfig, userAgent: 'cluster-lane' });
  }

  static async start(kubeconfig: string): Promise<StandIn> {
    const standIn = new StandIn(kubeconfig);
    await standIn.#send('POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: NODE },
    });
    standIn.#follow(RESOURCES.pods, (pod, gone) => standIn.#pod(pod, gone));
    standIn.#follow(RESOURCES.httpRoutes, (route, gone) => standIn.#route(RESOURCES.httpRoutes, route, gone));
    standIn.#follow(RESOURCES.grpcRoutes, (route, gone) => standIn.#route(RESOURCES.grpcRoutes, route, gone));
    standIn.#follow(RESOURCES.trafficSplits, (split, gone) => standIn.#split(split, gone));
    return standIn;
  }

  stop(): void {
    for (const reflector of this.#reflectors) reflector.stop();
    this.#connection.close();
  }

  #follow(resource: Resource, see: (object: KubeObject, gone: boolean) => Promise<void>): void {
    const { transport } = this.#connection;
    const client = new KubeClient({
      transport,
      clock: systemClock,
      fieldManager: NODE,
      resources: [resource],
    });
    // A failure because the object changed meanwhile is retried at its next event; a request to a restarting
    // server is repeated.
    const each = (object: KubeObject, gone = false): void => {
      const again = (): void =>
        void systemClock.after(1_000, () => void see(object, gone).catch(() => undefined));
      see(object, gone).catch(again);
    };
    const reflector = new Reflector({
      client,
      resource,
      clock: systemClock,
      random: Math.random,
      optional: true,
      maxBackoffMs: 1_000,
      sink: {
        replace: (objects) => objects.forEach((object) => each(object)),
        observe: (type, object) => each(object, type === 'DELETED'),
        bookmark: () => undefined,
        absent: () => undefined,
        forbidden: () => undefined,
      },
    });
    this.#reflectors.push(reflector);
    void reflector.run();
  }

  async #pod(pod: KubeObject, gone: boolean): Promise<void> {
    if (gone) return;
    const path = objectPath({ resource: RESOURCES.pods, ...keyOf(pod) });
    if (pod.metadata.deletionTimestamp !== undefined) {
      await this.#send('DELETE', path, { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 });
      return;
    }
    if (getString(pod.spec, 'nodeName') === undefined) {
      const target = { apiVersion: 'v1', kind: 'Node', name: NODE };
      await this.#send('POST', `${path}/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: keyOf(pod),
        target,
      });
      return;
    }
    if (getString(pod.status, 'podIP') === undefined) await this.#patchStatus(path, this.#running(pod));
  }

  /** The status of a running pod. */
  #running(pod: KubeObject): JsonObject {
    const at = new Date(systemClock.now()).toISOString().replace(/\.\d+/, '');
    const containers = getObjects(pod.spec, 'containers');
    const ready = !containers.some(
      (container) => getString(container, 'image')?.includes('never-ready') === true,
    );
    this.#addresses += 1;
    const podIP = `10.244.${Math.floor(this.#addresses / 250)}.${(this.#addresses % 250) + 1}`;
    const condition = (type: string, status: boolean): JsonObject => ({
      type,
      status: status ? 'True' : 'False',
      lastTransitionTime: at,
    });
    return {
      phase: 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      startTime: at,
      conditions: [
        condition('PodScheduled', true),
        condition('Initialized', true),
        condition('ContainersReady', ready),
        condition('Ready', ready),
      ],
      containerStatuses: containers.map((container) => ({
        name: container['name'],
        image: container['image'],
        imageID: container['image'],
        ready,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: at } },
      })),
    };
  }

  async #route(resource: Resource, route: KubeObject, gone: boolean): Promise<void> {
    if (gone) return;
    const { generation = 0 } = route.metadata;
    const parents = getObjects(route.spec, 'parentRefs');
    const written = getObjects(route.status, 'parents');
    const current = (parent: JsonObject): boolean =>
      getObjects(parent, 'conditions').every((each) => each['observedGeneration'] === generation);
    if (written.length === parents.length && written.every(current)) return;
    const condition = (type: string, reason: string): JsonObject => ({
      type,
      reason,
      status: 'True',
      message: '',
      observedGeneration: generation,
      lastTransitionTime: new Date(systemClock.now()).toISOString(),
    });
    const conditions = [condition('Accepted', 'Accepted'), condition('ResolvedRefs', 'ResolvedRefs')];
    await this.#patchStatus(objectPath({ resource, ...keyOf(route) }), {
      parents: parents.map((parentRef) => ({
        parentRef,
        controllerName: parentRef['kind'] === 'Service' ? MESH_CONTROLLER : GATEWAY_CONTROLLER,
        conditions,
      })),
    });
  }

  /**
   * The profile of the split Service says where its requests go; without the split it says nothing about
   * that.
   */
  async #split(split: KubeObject, gone: boolean): Promise<void> {
    const { namespace = '' } = split.metadata;
    const host = (service: unknown): string => `${String(service)}.${namespace}.svc.cluster.local`;
    const dstOverrides = getObjects(split.spec, 'backends').map((each) => ({
      authority: host(each['service']),
      weight: String(getNumber(each, 'weight')),
    }));
    const ref = { resource: RESOURCES.serviceProfiles, namespace, name: host(split.spec?.['service']) };
    const spec = { dstOverrides: gone ? null : dstOverrides };
    await this.#send('PATCH', `${objectPath(ref)}?fieldManager=${NODE}`, { spec });
  }

  async #patchStatus(path: string, status: JsonObject): Promise<void> {
    await this.#send('PATCH', `${path}/status?fieldManager=${NODE}`, { status });
  }

  /** It is fine if the object exists already or is already gone; any other refusal is thrown. */
  async #send(method: 'POST' | 'PATCH' | 'DELETE', url: string, body: JsonObject): Promise<void> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { 'content-type': type, accept: 'application/json' };
    const response = await this.#connection.transport.request({
      method,
      url,
      headers,
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (response.status >= 300 && response.status !== 404 && response.status !== 409)
      throw new Error(`${method} ${url}: ${response.status} ${text}`);
  }
}

const keyOf = ({ metadata: { name, namespace } }: KubeObject) => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
});
