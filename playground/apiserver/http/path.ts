/** The path of a resource request, split into its parts. */
export interface ResourcePath {
  group: string;
  version: string;
  plural: string;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
  /** the old /watch/ prefix */
  watch: boolean;
}

/** Parts after /api/v1 or /apis/<group>/<version>; undefined if nothing is left. */
function rest(group: string, version: string, parts: string[]): ResourcePath | undefined {
  const watch = parts[0] === 'watch';
  const all = watch ? parts.slice(1) : parts;
  const scoped = all[0] === 'namespaces' && all.length > 2 && !isNamespaceSubresource(group, all);
  const [plural, name, subresource, ...more] = scoped ? all.slice(2) : all;
  if (plural === undefined || more.length > 0) return undefined;
  return { group, version, plural, namespace: scoped ? all[1] : undefined, name, subresource, watch };
}

const isNamespaceSubresource = (group: string, parts: string[]): boolean =>
  group === '' && parts.length === 3 && ['status', 'finalize'].includes(parts[2] ?? '');

export function resourcePath(path: string[]): ResourcePath | undefined {
  const [root, first, second] = path;
  if (root === 'api' && first !== undefined) return rest('', first, path.slice(2));
  if (root === 'apis' && first !== undefined && second !== undefined)
    return rest(first, second, path.slice(3));
  return undefined;
}
