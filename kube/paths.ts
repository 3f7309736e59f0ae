import type { KubeObject, ObjectRef, Resource } from '../api/kube.ts';

/** Path of one version of a group, where the server lists its kinds. */
export function groupPath({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** Path of a collection; no namespace = all namespaces. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const root = groupPath(resource);
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}${scope}/${resource.plural}`;
}

/** Path of one object or of a subresource of it. */
export function objectPath(ref: ObjectRef, subresource?: string): string {
  const path = `${collectionPath(ref.resource, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** A query string with its "?", or "" when nothing is set. */
export function query(parameters: Record<string, string | number | boolean | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/**
 * The address of an object by its own apiVersion and kind.
 *
 * @throws Error if the kind is not among `resources`: a bug, callers only write kinds they know
 */
export function refOf(object: KubeObject, resources: readonly Resource[]): ObjectRef {
  const resource = resources.find(
    (each) =>
      each.kind === object.kind &&
      object.apiVersion === (each.group === '' ? each.version : `${each.group}/${each.version}`),
  );
  if (resource === undefined) throw new Error(`unknown kind ${object.apiVersion} ${object.kind}`);
  const { name, namespace } = object.metadata;
  return namespace === undefined ? { resource, name } : { resource, namespace, name };
}
