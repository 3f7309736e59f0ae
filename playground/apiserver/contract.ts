import type { JsonObject } from '../../lib/json.ts';
import type { Clock } from '../../lib/clock.ts';
import type { KubeObject } from '../../api/kube.ts';

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** path and query, e.g. "/api/v1/namespaces/x/pods?watch=true" */
  url: string;
  /** lower-case names */
  headers: Record<string, string>;
  body: string;
}

/** `body` is a string, or a stream of text chunks (watch) that ends when the consumer returns it or the server closes it. */
export interface ApiResponse {
  status: number;
  headers: Record<string, string>;
  body: string | AsyncIterable<string>;
}

/**
 * A resource in the words of the in-process client: "pods", "deployments.apps",
 * "httproutes.gateway.networking.k8s.io".
 */
export type ResourceName = string;

export interface ObjectEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  resource: ResourceName;
  object: KubeObject;
}

/** Thrown by StoreClient calls; `status` is the Kubernetes Status object a client would get over HTTP. */
export interface ApiFailure extends Error {
  code: number;
  reason: string;
  status: JsonObject;
}

/** The author of a request. */
export interface User {
  username: string;
  groups: string[];
}

export interface WriteOptions {
  fieldManager?: string;
  /** the author of the writes, as admission policies see it; default: the controller manager */
  user?: User;
  /**
   * 'finalize' (update of a Namespace) sets spec.finalizers; without finalizers, a terminating Namespace is
   * removed. 'binding' (update of a Pod) sets spec.nodeName, once, and the condition PodScheduled.
   */
  subresource?: 'status' | 'scale' | 'finalize' | 'binding';
}

/**
 * The client of the workload controllers and the kubelet: synchronous, in process, with the same rules for
 * validation, defaults, generation and managedFields as over HTTP. The store never shares the objects that it
 * returns.
 */
export interface StoreClient {
  get(resource: ResourceName, namespace: string | undefined, name: string): KubeObject | undefined;
  list(resource: ResourceName, namespace?: string): KubeObject[];
  create(resource: ResourceName, object: KubeObject, options?: WriteOptions): KubeObject;
  /** full replace (PUT); a stale resourceVersion is a 409 */
  update(resource: ResourceName, object: KubeObject, options?: WriteOptions): KubeObject;
  delete(
    resource: ResourceName,
    namespace: string | undefined,
    name: string,
    options?: {
      propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
      uid?: string;
      gracePeriodSeconds?: number;
    },
  ): void;
  /** called after each committed change, in order; not re-entrant (delivered after the write returns) */
  watch(listener: (event: ObjectEvent) => void): () => void;
}

export interface ApiServer {
  /** one HTTP exchange without HTTP; rejects if the connection would be dropped */
  handle(request: ApiRequest): Promise<ApiResponse>;
  store: StoreClient;
  /** ends all watches */
  close(): void;
}

export interface ApiServerOptions {
  clock: Clock;
  /** if set, requests need `Authorization: Bearer <token>` */
  token?: string;
  /** more bearer tokens and their users; they are known whether or not a token is required */
  users?: Record<string, User>;
  /** serves /playground/faults, where clients ask for faults */
  faults?: boolean;
  /** for uids and random suffixes: a seeded generator makes runs repeatable */
  random?: () => number;
}

/**
 * Runs containers for the kubelet of the playground. The fake one of playground/workloads makes pods Ready
 * after 300 ms; the one of playground/dataplane starts real HTTP servers on loopback.
 */
export interface PodRuntime {
  /** the runtime chooses address and ports; `report` may be called many times */
  start(pod: KubeObject, report: (state: PodReport) => void): void;
  /** stops within the grace period, then calls `stopped` */
  stop(pod: KubeObject, graceMs: number, stopped: () => void): void;
}

export interface PodReport {
  phase: 'Pending' | 'Running' | 'Failed' | 'Succeeded';
  podIP?: string;
  ready: boolean;
  restartCount: number;
  /** e.g. CrashLoopBackOff, with its message */
  waiting?: { reason: string; message: string };
}
