import { cloneJson, equalJson, getObject, isObject } from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
const TEMPLATE_HASH = 'pod-template-hash';

/**
 * Are two pod templates the same version? Ignored: a bare `kubectl rollout restart`, the hash label in a ReplicaSet's
 * template, the order of keys, and empty or null metadata. Both must come from the same API server.
 */
export function templatesEqual(a: JsonObject, b: JsonObject): boolean {
  return equalJson(comparable(a), comparable(b));
}

function comparable(template: JsonObject): JsonObject {
  const metadata: JsonObject = { ...getObject(template, 'metadata') };
  metadata['annotations'] = without(metadata['annotations'], RESTARTED_AT);
  metadata['labels'] = without(metadata['labels'], TEMPLATE_HASH);
  const kept = Object.entries(metadata).filter(([, value]) => value !== undefined && value !== null);
  return { ...template, metadata: Object.fromEntries(kept) };
}

function without(map: unknown, key: string): JsonObject | undefined {
  if (!isObject(map)) return undefined;
  const rest = { ...map };
  delete rest[key];
  return Object.keys(rest).length === 0 ? undefined : rest;
}

/** The template of a ReplicaSet as its Deployment wrote it: without the hash label. */
export function templateOf(replicaSet: { spec?: JsonObject }): JsonObject {
  const template = cloneJson(getObject(replicaSet, 'spec', 'template') ?? {});
  const labels = getObject(template, 'metadata', 'labels');
  if (labels !== undefined) delete labels[TEMPLATE_HASH];
  return template;
}

/**
 * Maximum size of a pod template. A Release keeps two, and sometimes a third in an annotation beside the originals of
 * the routes; all annotations of an object together may have 256 KiB.
 */
export const LARGEST_TEMPLATE_KIB = 192;

/**
 * Maximum size of all pod templates in one Release: etcd takes 1.5 MiB, and rules, status, annotations and
 * managedFields have to fit beside them.
 */
export const LARGEST_RECORD_KIB = 1024;

/** Size of a pod template as JSON, in KiB, rounded up. */
export function templateKib(template: JsonObject): number {
  return Math.ceil(new TextEncoder().encode(JSON.stringify(template)).length / 1024);
}
