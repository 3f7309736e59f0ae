import type { TargetName } from '../../api/target-key.ts';
import type { KubeObject, Resource } from '../../api/kube.ts';
import { newestFirst } from '../../api/order.ts';
import { RESOURCES } from '../../api/resources.ts';
import { deepFreeze } from '../../lib/freeze.ts';
import { ROUTE_RESOURCES } from '../../providers/index.ts';
import { FOLLOWED } from '../../release/companions/index.ts';
import { CONSIDERED } from '../../release/preflight/index.ts';
import { targetKey } from '../../api/target-key.ts';
import type { Memory } from './memory.ts';
import type { Measurements } from '../../analysis/jobs/board.ts';
import type { ControllerConfig, Snapshot } from '../../release/model.ts';
import { targetOf } from './owners.ts';
import type { Refusals } from '../refusals.ts';

/** Where a snapshot is read from: the stores of the watches, or direct lists in a simulation. */
export interface Reader {
  /**
   * All objects of one kind in one namespace, deep-frozen or never changed again. undefined: not known (yet), so
   * nothing may be decided. []: also for a kind that the server does not have. FORBIDDEN: the kind exists and may not
   * be read, which is allowed only for FOLLOWED and CONSIDERED kinds.
   */
  list(resource: Resource, namespace: string): Listing | Promise<Listing>;
  /**
   * NetworkPolicies that reach out of other namespaces, as far as they may be read; absent: none are read. Some of
   * those in untrusted namespaces may be left out.
   */
  elsewhere?(
    namespace: string,
    trusted: readonly string[],
  ): readonly KubeObject[] | Promise<readonly KubeObject[]>;
  /** IngressClasses, as far as they may be read; undefined: not known yet; absent: none are read */
  classes?(): readonly KubeObject[] | undefined | Promise<readonly KubeObject[]>;
  /** receives an object as the server returned it to one of our writes */
  written(resource: Resource, object: KubeObject): void;
}

export const FORBIDDEN = 'forbidden';

export type Listing = readonly KubeObject[] | typeof FORBIDDEN | undefined;

export interface SnapshotContext {
  reader: Reader;
  measurements: Pick<Measurements, 'measured' | 'measuring'>;
  refusals: Pick<Refusals, 'of'>;
  memory: Pick<Memory, 'seen' | 'unserved'>;
  /** does the Release carry a seal of this controller? */
  isSealed: (release: KubeObject) => boolean;
  config: ControllerConfig;
  nowMs: number;
}

const NAMESPACE_KINDS = [
  'deployments',
  'replicaSets',
  'pods',
  'services',
  'releases',
  'releasePolicies',
  'analysisTemplates',
] as const;

type Kind = (typeof NAMESPACE_KINDS)[number];

/** Reads everything one decision may look at; undefined while any part of it is not known. */
export async function readSnapshot(key: TargetName, context: SnapshotContext): Promise<Snapshot | undefined> {
  const { config, measurements, nowMs } = context;
  const own = await readKinds(context.reader, key.namespace, NAMESPACE_KINDS);
  const shared =
    config.namespace !== key.namespace
      ? await readKinds(context.reader, config.namespace, ['releasePolicies', 'analysisTemplates'])
      : {};
  const routes = await readAll(context.reader, key.namespace, ROUTE_RESOURCES);
  const attached = await readSome(context.reader, key.namespace, FOLLOWED);
  const considered = await readSome(context.reader, key.namespace, CONSIDERED);
  if (own === undefined || shared === undefined || routes === undefined) return undefined;
  if (attached === undefined || considered === undefined) return undefined;
  const ingressClasses = await classesOf(context.reader);
  if (ingressClasses === undefined) return undefined;
  const outside = await readOutside(key.namespace, context);
  const of = (kind: Kind): readonly KubeObject[] => own[kind] ?? [];
  const { releases, unsealed } = releasesOf(key.name, of('releases'), context.isSealed);
  return deepFreeze({
    nowMs,
    key,
    target: of('deployments').find((each) => each.metadata.name === key.name),
    deployments: of('deployments'),
    replicaSets: of('replicaSets'),
    pods: of('pods'),
    services: of('services'),
    ingressClasses,
    routes,
    attached: attached.objects,
    forbidden: attached.forbidden,
    ...outside,
    surroundings: considered.objects,
    releases,
    unsealed,
    unserved: context.memory.unserved(targetKey(key)),
    lastStable: context.memory.seen(targetKey(key), releases, nowMs),
    policies: [...of('releasePolicies'), ...(shared.releasePolicies ?? [])],
    templates: [...of('analysisTemplates'), ...(shared.analysisTemplates ?? [])],
    measured: measurements.measured(targetKey(key)),
    measuring: measurements.measuring(targetKey(key)),
    refused: context.refusals.of(targetKey(key), nowMs),
    config,
  });
}

async function classesOf(reader: Reader): Promise<readonly KubeObject[] | undefined> {
  if (reader.classes === undefined) return [];
  const answer = reader.classes();
  // Await only a promise, as for the lists.
  return answer instanceof Promise ? await answer : answer;
}

/**
 * NetworkPolicies of other namespaces. Only namespaces that the configuration trusts may affect decisions about other
 * namespaces.
 */
async function readOutside(
  namespace: string,
  { reader, config: { trustedNamespaces = [] } }: SnapshotContext,
): Promise<Pick<Snapshot, 'elsewhere' | 'strange'>> {
  const answer = reader.elsewhere?.(namespace, trustedNamespaces) ?? [];
  const outside = answer instanceof Promise ? await answer : answer;
  const of = (trusted: boolean) =>
    outside.filter((each) => trustedNamespaces.includes(each.metadata.namespace ?? '') === trusted);
  return { elsewhere: of(true), strange: of(false) };
}

/** All objects of kinds that the controller may lack the right to read, and the kinds it may not read. */
async function readSome(
  reader: Reader,
  namespace: string,
  resources: readonly Resource[],
): Promise<{ objects: KubeObject[]; forbidden: Resource[] } | undefined> {
  const objects: KubeObject[] = [];
  const forbidden: Resource[] = [];
  for (const resource of resources) {
    const answer = reader.list(resource, namespace);
    const list = answer instanceof Promise ? await answer : answer;
    if (list === undefined) return undefined;
    if (list === FORBIDDEN) forbidden.push(resource);
    else objects.push(...list);
  }
  return { objects, forbidden };
}

/** All objects of these kinds; each kind has to be known. */
async function readAll(
  reader: Reader,
  namespace: string,
  resources: readonly Resource[],
): Promise<KubeObject[] | undefined> {
  const objects: KubeObject[] = [];
  for (const resource of resources) {
    const answer = reader.list(resource, namespace);
    const list = answer instanceof Promise ? await answer : answer;
    if (list === undefined || list === FORBIDDEN) return undefined;
    objects.push(...list);
  }
  return objects;
}

type Lists = Partial<Record<Kind, readonly KubeObject[]>>;

async function readKinds(
  reader: Reader,
  namespace: string,
  kinds: readonly Kind[],
): Promise<Lists | undefined> {
  const lists: Lists = {};
  for (const kind of kinds) {
    const answer = reader.list(RESOURCES[kind], namespace);
    // Await only a promise: the stores are then read in one go, as of one moment.
    const list = answer instanceof Promise ? await answer : answer;
    if (list === undefined || list === FORBIDDEN) return undefined;
    lists[kind] = list;
  }
  return lists;
}

function releasesOf(
  target: string,
  all: readonly KubeObject[],
  isSealed: (release: KubeObject) => boolean,
): Pick<Snapshot, 'releases' | 'unsealed'> {
  const mine = newestFirst(all.filter((release) => targetOf(release) === target));
  const of = (sealed: boolean) => mine.filter((release) => isSealed(release) === sealed);
  return { releases: of(true), unsealed: of(false) };
}
