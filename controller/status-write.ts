import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../api/kube.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { ReleaseStatus } from '../api/kinds/release/status.ts';
import { RESOURCES } from '../api/resources.ts';
import type { Write } from '../api/writes.ts';

/**
 * The write that makes `next` the whole status of a Release; undefined if it is the status already. It writes only to
 * the object and version that was read, and replaces instead of merging: a merge would drop every null and keep what
 * `next` no longer has.
 */
export function statusWrite(
  release: KubeObject,
  next: ReleaseStatus,
): Extract<Write, { verb: 'jsonPatch' }> | undefined {
  const value = plain(next);
  if (isDeepStrictEqual(plain(release.status), value)) return undefined;
  const { namespace, name, uid, resourceVersion } = release.metadata;
  if (namespace === undefined || uid === undefined || resourceVersion === undefined) {
    throw new Error(`Release ${name} was not read from an API server`);
  }
  return {
    verb: 'jsonPatch',
    ref: { resource: RESOURCES.releases, namespace, name },
    subresource: 'status',
    patch: [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'add', path: '/status', value },
    ],
  };
}

/** The value after serialization: keys that are undefined are gone. */
function plain(value: ReleaseStatus | JsonObject | undefined): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
}
