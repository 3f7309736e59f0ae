import { isDeepStrictEqual } from 'node:util';
import { difference, fromFieldsV1, isEmpty, toFieldsV1 } from '../../api/field-sets.ts';
import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { pathOf } from '../dataplane/proxy/api-client.ts';
import type { ApiClient, ObjectList } from '../dataplane/proxy/api-client.ts';

/** Every object of the API, by "<plural>.<group> <namespace>/<name>". */
export type Listing = Map<string, KubeObject>;

interface Discovered {
  groupVersion: string;
  resources: { name: string; verbs: string[] }[];
}

/** Reads all objects of all kinds that can be listed. */
export async function listEverything(client: Pick<ApiClient, 'get'>): Promise<Listing> {
  const { groups } = await client.get<{ groups: { preferredVersion: { groupVersion: string } }[] }>('/apis');
  const versions = ['v1', ...groups.map((group) => group.preferredVersion.groupVersion)];
  const found: Listing = new Map();
  for (const version of versions) {
    const root = version.includes('/') ? `/apis/${version}` : `/api/${version}`;
    const { resources } = await client.get<Discovered>(root);
    for (const { name, verbs } of resources) {
      if (name.includes('/') || !verbs.includes('list')) continue;
      const list = await client.get<ObjectList>(pathOf(version, name));
      for (const item of list.items) found.set(keyOf(name, version, item), item);
    }
  }
  return found;
}

/**
 * What a release left in the API that the user did not write, one sentence each; [] is clean. `before` is the listing
 * from before the release with the user's own change in it. The rules:
 * 1. an object of the user is gone, or differs in anything but resourceVersion, generation, the times in managedFields, status
 *    and `deployment.kubernetes.io/*` annotations (Kubernetes' own bookkeeping): who owned a field owns it again. `spec.paused` of
 *    a target and the marker `sluice.dev/held` are the hold itself and not compared;
 * 2. a new object is left over, except: Events, Leases and Releases (the audit trail), and ReplicaSets, Pods and
 *    EndpointSlices that Kubernetes keeps for an object of the user.
 */
export function leftovers(before: Listing, after: Listing): string[] {
  const found: string[] = [];
  for (const [key, object] of before) {
    if (isKept(key)) continue;
    const now = after.get(key);
    if (now === undefined) {
      if (!isDerived(key)) found.push(`${key} is gone`);
    } else if (!isDerived(key)) {
      found.push(
        ...differences(comparable(key, object), comparable(key, now)).map(
          (path) => `${key}: ${path} differs`,
        ),
      );
    }
  }
  for (const [key, object] of after) {
    if (before.has(key) || isKept(key)) continue;
    if (isDerived(key) && belongs(object, before, after)) continue;
    found.push(`${key} is left over`);
  }
  return found.sort();
}

function isKept(key: string): boolean {
  return /^(events(\.events\.k8s\.io)?|leases\.coordination\.k8s\.io|releases\.sluice\.dev) /.test(key);
}

function isDerived(key: string): boolean {
  return /^(replicasets\.apps|pods|endpointslices\.discovery\.k8s\.io|endpoints) /.test(key);
}

/** Is its owner, or its owner's owner, an object of the user? */
function belongs(object: KubeObject, before: Listing, after: Listing): boolean {
  const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (owner === undefined) return isEndpoints(object, before);
  const byUid = (listing: Listing): KubeObject | undefined =>
    listing.values().find((candidate) => candidate.metadata.uid === owner.uid);
  if (owner.kind === 'ReplicaSet') {
    const replicaSet = byUid(after);
    return replicaSet !== undefined && belongs(replicaSet, before, after);
  }
  return byUid(before) !== undefined;
}

/** Endpoints have no owner; they have the name of their Service. */
function isEndpoints(object: KubeObject, before: Listing): boolean {
  return before.has(`services ${object.metadata.namespace ?? ''}/${object.metadata.name}`);
}

function comparable(key: string, object: KubeObject): JsonObject {
  const copy = structuredClone(object) as unknown as JsonObject & { metadata: JsonObject; spec?: JsonObject };
  for (const field of ['resourceVersion', 'generation']) delete copy.metadata[field];
  copy.metadata['managedFields'] = ownersOf(key, object);
  // items of a list of a built-in kind have no kind
  for (const field of ['status', 'kind', 'apiVersion']) delete copy[field];
  const annotations = copy.metadata['annotations'] as Record<string, string> | undefined;
  for (const name of Object.keys(annotations ?? {})) {
    if (name.startsWith('deployment.kubernetes.io/') || name === 'sluice.dev/held')
      delete annotations?.[name];
  }
  if (key.startsWith('deployments.apps ')) delete copy.spec?.['paused'];
  return copy;
}

/** The hold, and the counter of the Deployment controller. */
const NOT_COMPARED = fromFieldsV1({
  'f:metadata': {
    'f:annotations': { '.': {}, 'f:deployment.kubernetes.io/revision': {}, 'f:sluice.dev/held': {} },
  },
  'f:spec': { 'f:paused': {} },
});

/** The fields of each owner without the status, by manager and operation. */
function ownersOf(key: string, { metadata }: KubeObject): JsonObject {
  const entries = getObjects(metadata, 'managedFields')
    .filter((entry) => getString(entry, 'subresource') !== 'status')
    .map((entry): [string, ReturnType<typeof fromFieldsV1>] => {
      const fields = fromFieldsV1(entry['fieldsV1']);
      const who = `${getString(entry, 'manager') ?? ''} ${getString(entry, 'operation') ?? ''}`;
      return [who, key.startsWith('deployments.apps ') ? difference(fields, NOT_COMPARED) : fields];
    })
    .filter(([, fields]) => !isEmpty(fields));
  return Object.fromEntries(entries.map(([who, fields]) => [who, toFieldsV1(fields)]));
}

/** Paths at which two values differ, only the first few. */
function differences(a: unknown, b: unknown, path = ''): string[] {
  if (isDeepStrictEqual(a, b)) return [];
  if (!isRecord(a) || !isRecord(b)) return [path === '' ? 'everything' : path.slice(1)];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) => differences(a[name], b[name], `${path}.${name}`)).slice(0, 5);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keyOf(plural: string, version: string, object: KubeObject): string {
  const group = version.includes('/') ? `.${version.split('/')[0] ?? ''}` : '';
  return `${plural}${group} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}
