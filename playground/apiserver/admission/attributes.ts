import { get, metadata, strings, text } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { apiVersionOf } from '../registry/kind.ts';
import type { Target, WriteRequest } from '../registry/target.ts';
import { toCel } from './cel.ts';
import type { Scope } from './cel.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

/** The part of a write's request that admission looks at. */
export type Asker = Pick<WriteRequest, 'user' | 'dryRun' | 'fieldManager'>;

/** One write, as policies see it. Objects are in stored shape. */
export interface Attributes {
  target: Target;
  operation: Operation;
  name: string;
  /** absent for DELETE */
  object: JsonObject | undefined;
  /** absent for CREATE */
  old: JsonObject | undefined;
  asker: Asker;
  /** the stored namespace of the object; absent for cluster-scoped kinds */
  namespace: JsonObject | undefined;
}

const OPTIONS = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' };

function requestOf(attributes: Attributes): JsonObject {
  const { target, operation, name, asker } = attributes;
  const { kind, version, namespace } = target;
  const resource = { group: kind.group, version: version.name, resource: kind.plural };
  const groupKind = { group: kind.group, version: version.name, kind: kind.kind };
  return {
    kind: groupKind,
    resource,
    subResource: target.subresource ?? '',
    requestKind: groupKind,
    requestResource: resource,
    requestSubResource: target.subresource ?? '',
    name,
    namespace: namespace ?? '',
    operation,
    userInfo: { username: asker.user.username, groups: asker.user.groups },
    dryRun: asker.dryRun,
    options: {
      kind: OPTIONS[operation],
      apiVersion: 'meta.k8s.io/v1',
      ...(asker.fieldManager === undefined ? {} : { fieldManager: asker.fieldManager }),
      ...(asker.dryRun ? { dryRun: ['All'] } : {}),
    },
  };
}

/** A namespace as policies get it: without the fields that change by themselves. */
function namespaceOf(namespace: JsonObject | undefined): JsonObject | undefined {
  if (!namespace) return undefined;
  const { name, labels, annotations, uid, generation } = metadata(namespace);
  return { ...namespace, metadata: { name, labels, annotations, uid, generation } };
}

/** The names that expressions may use; the caller adds `params` and `variables`. */
export function scopeOf(attributes: Attributes): Scope {
  return {
    object: toCel(attributes.object),
    oldObject: toCel(attributes.old),
    namespaceObject: toCel(namespaceOf(attributes.namespace)),
    request: toCel(requestOf(attributes)),
    params: null,
    variables: {},
  };
}

export const labelsOf = (object: JsonObject | undefined): Record<string, string> =>
  strings(get(object, 'metadata', 'labels'));

/** the version in the request, e.g. "apps/v1" */
export const versionOf = ({ target }: Attributes): string => apiVersionOf(target.kind, target.version.name);

export const nameOf = (object: JsonObject): string => text(get(object, 'metadata', 'name'));
