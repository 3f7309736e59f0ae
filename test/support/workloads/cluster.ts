import { VirtualClock } from '../virtual-clock.ts';
import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { createApiServer } from '../../../playground/apiserver/server.ts';
import type { PodRuntime, ResourceName, StoreClient } from '../../../playground/apiserver/contract.ts';
import type { Clock } from '../../../lib/clock.ts';
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '../../../playground/workloads/kinds.ts';
import type { Deployment, Pod, ReplicaSet } from '../../../playground/workloads/kinds.ts';
import { byCreation } from '../../../playground/workloads/kinds.ts';
import { conditionOf } from '../../../playground/workloads/conditions.ts';
import { fakeRuntime, startWorkloads } from '../../../playground/workloads/index.ts';
import { isReady } from '../../../playground/workloads/pods.ts';
import { REVISION } from '../../../playground/workloads/deployment/revision.ts';

export const NAMESPACE = 'shop';

export interface ClusterOptions {
  schedule?: boolean;
  /** puts a layer between the workloads and the store, e.g. an admission that refuses */
  between?: (store: StoreClient) => StoreClient;
  /** default: the fake one */
  runtime?: PodRuntime;
  /** milliseconds until the next pod is ready; instead of `runtime` */
  readyAfter?: () => number;
}

/** An embedded cluster on a virtual clock, with one namespace. */
export class Cluster {
  readonly clock = new VirtualClock();
  readonly store: StoreClient;
  /** spec.replicas of the ReplicaSets, oldest first, each time they changed: "4,1" */
  readonly sizes: string[] = [];

  constructor(options: ClusterOptions = {}) {
    const { clock } = this;
    let seed = 1;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    this.store = createApiServer({ clock, random }).store;
    this.store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    const store = options.between?.(this.store) ?? this.store;
    const { schedule = true, readyAfter } = options;
    const runtime = options.runtime ?? (readyAfter ? runtimeOf(clock, readyAfter) : fakeRuntime(clock));
    startWorkloads({ store, clock, runtime, schedule });
    const replicas = new Map<string, number>();
    this.store.watch(({ type, resource, object }) => {
      if (resource !== REPLICA_SETS) return;
      if (type === 'DELETED') replicas.delete(object.metadata.name);
      else replicas.set(object.metadata.name, (object as ReplicaSet).spec.replicas);
      const sizes = [...replicas.values()].join(',');
      if (sizes !== this.sizes.at(-1)) this.sizes.push(sizes);
    });
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  create(resource: ResourceName, object: KubeObject): KubeObject {
    return this.store.create(resource, {
      ...object,
      metadata: { namespace: NAMESPACE, ...object.metadata },
    });
  }

  get(resource: ResourceName, name: string): KubeObject | undefined {
    return this.store.get(resource, NAMESPACE, name);
  }

  /** Changes the object with `change` and writes it. */
  edit<T extends KubeObject = Deployment>(
    name: string,
    change: (draft: T) => void,
    resource = DEPLOYMENTS,
  ): void {
    const draft = this.store.get(resource, NAMESPACE, name) as T;
    change(draft);
    this.store.update(resource, draft);
  }

  /** Like edit, for the status. */
  editStatus<T extends KubeObject = Deployment>(
    name: string,
    change: (draft: T) => void,
    resource = DEPLOYMENTS,
  ): void {
    const draft = this.store.get(resource, NAMESPACE, name) as T;
    change(draft);
    this.store.update(resource, draft, { subresource: 'status' });
  }

  deployment(name = 'web'): Deployment {
    return this.store.get(DEPLOYMENTS, NAMESPACE, name) as Deployment;
  }

  /** "True/NewReplicaSetAvailable" */
  condition(type: string, name = 'web'): string {
    const found = conditionOf(this.deployment(name).status, type);
    return found === undefined ? 'absent' : `${found.status}/${found.reason ?? ''}`;
  }

  replicaSets(): ReplicaSet[] {
    const revision = (rs: ReplicaSet): number => Number(rs.metadata.annotations?.[REVISION] ?? 0);
    return (this.store.list(REPLICA_SETS, NAMESPACE) as ReplicaSet[]).sort(
      (a, b) => byCreationTime(a, b) || revision(a) - revision(b),
    );
  }

  pods(): Pod[] {
    return (this.store.list(PODS, NAMESPACE) as Pod[]).sort(byCreation);
  }

  readyPods(): number {
    return this.pods().filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined).length;
  }
}

function byCreationTime(a: KubeObject, b: KubeObject): number {
  return (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '');
}

/** A Deployment `name` of image app:1, labelled `app: name`. */
export function deployment(
  name: string,
  spec: JsonObject = {},
  annotations: Record<string, string> = {},
): KubeObject {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations },
        spec: { containers: [{ name: 'app', image: 'app:1' }] },
      },
      ...spec,
    },
  };
}

/** Sets the image, and the annotations of the template. */
export function release(
  image: string,
  annotations: Record<string, string> = {},
): (draft: Deployment) => void {
  return ({ spec: { template } }) => {
    template.metadata = { ...template.metadata, annotations };
    template.spec['containers'] = [{ name: 'app', image }];
  };
}

export const NEVER_READY = { 'fake/never-ready': 'true' };

/** A store that refuses to create some objects, as a ResourceQuota or an admission policy would. */
export function refusing(refuses: (resource: ResourceName) => boolean): (store: StoreClient) => StoreClient {
  return (store) => ({
    get: (...args) => store.get(...args),
    list: (...args) => store.list(...args),
    update: (...args) => store.update(...args),
    delete: (...args) => store.delete(...args),
    watch: (listener) => store.watch(listener),
    create(resource, object, options) {
      if (!refuses(resource)) return store.create(resource, object, options);
      const refusal = new Error('it is forbidden: exceeded quota');
      throw Object.assign(refusal, { code: 403, reason: 'Forbidden', status: { reason: 'Forbidden' } });
    },
  });
}

function runtimeOf(clock: Clock, readyAfter: () => number): PodRuntime {
  return {
    start(_pod, report) {
      const running = { phase: 'Running', podIP: '10.0.0.1', ready: true, restartCount: 0 } as const;
      clock.after(readyAfter(), () => report(running));
    },
    stop: (_pod, _graceMs, stopped) => stopped(),
  };
}
