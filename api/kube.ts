import { isObject } from '../lib/json.ts';
import type { Json, JsonObject } from '../lib/json.ts';

/** The raw shape of Kubernetes objects. Objects are read, kept and written as JSON, so unknown fields survive. */

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: JsonObject[];
  [key: string]: unknown;
}

/** Any Kubernetes object. `spec` and `status` stay raw JSON; read them with the helpers of lib/json.ts. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: JsonObject;
  status?: JsonObject;
  [key: string]: unknown;
}

/** Whether this is the JSON of an object of Kubernetes: what every object carries, whatever its kind. */
export function isKubeObject(value: unknown): value is KubeObject {
  return (
    isObject(value) &&
    typeof value['apiVersion'] === 'string' &&
    typeof value['kind'] === 'string' &&
    isObject(value['metadata'])
  );
}

/** A kind of object as the REST API addresses it. */
export interface Resource {
  /** "" for the core group */
  group: string;
  version: string;
  /** versions of the same shape, asked for in this order where the server does not serve `version` */
  otherVersions?: readonly string[];
  /** lower-case plural, e.g. "deployments" */
  plural: string;
  kind: string;
  namespaced: boolean;
}

/** Names one object. */
export interface ObjectRef {
  resource: Resource;
  namespace?: string;
  name: string;
}

export interface JsonPatchOp {
  op: 'add' | 'remove' | 'replace' | 'test';
  path: string;
  value?: Json;
}
