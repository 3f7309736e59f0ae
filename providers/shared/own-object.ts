import { equalJson, getStringMap } from '../../lib/json.ts';
import type { KubeObject, Resource } from '../../api/kube.ts';
import { REASON } from '../../api/reasons.ts';
import type { Write } from '../../api/writes.ts';
import { dnsLabel, isMadeFor, makerIn, ownLabels } from './naming.ts';
import { OFF } from '../provider.ts';
import type { Refusal, Split, TrafficContext } from '../provider.ts';

/** The whole split of a back end as one object of our own, without any route of the user's. */
export interface OwnObject {
  resource: Resource;
  /** the object for `split`, with whole weights that add up to `total` */
  make: (context: TrafficContext, split: Split, total: number) => KubeObject;
  /** the split that the object describes, whatever else it contains; undefined if that cannot be read */
  read: (context: TrafficContext, live: KubeObject) => OwnSplit | undefined;
}

export interface OwnSplit extends Split {
  /** what the weights add up to */
  total: number;
}

/** The weights of stable and canary for `weight` percent. */
export function ownWeights(weight: number, total: number): { stable: number; canary: number } {
  const canary = Math.round((total * weight) / 100);
  return { stable: total - canary, canary };
}

/** The percent that such weights mean, with two decimals; undefined if they mean none. */
export function ownPercent(stable: number | undefined, canary: number | undefined): number | undefined {
  if (stable === undefined || canary === undefined || !(stable + canary > 0)) return undefined;
  return Math.round((10_000 * canary) / (stable + canary)) / 100;
}

/** Named after the Service, owned by the target. */
export function ownMetadata(context: TrafficContext): KubeObject['metadata'] {
  return {
    name: dnsLabel(context.stableService.metadata.name, '-canary'),
    namespace: context.namespace,
    labels: ownLabels(context.target, context.release),
    ownerReferences: [context.owner],
  };
}

/**
 * Sluice creates its objects itself and never takes over others: an object of that name would stop the
 * release halfway.
 */
export function refuseTaken(own: OwnObject, context: TrafficContext): Refusal[] {
  const { kind } = own.resource;
  const { name } = ownMetadata(context);
  return (context.others ?? [])
    .filter((object) => object.kind === kind && object.metadata.name === name)
    .filter((object) => !isMadeFor(makerIn(context), object))
    .map(() => ({
      reason: REASON.NameTaken,
      sentence: `${kind} ${name} exists and was not made by Sluice, which needs that name for the release; rename or delete it.`,
    }));
}

/** The live objects of ours; an object that is being deleted does not count. */
export function liveOwn(context: TrafficContext): KubeObject[] {
  return context.made.filter(
    (object) => isMadeFor(makerIn(context), object) && object.metadata.deletionTimestamp === undefined,
  );
}

/**
 * The object is made when the first request is to go to the canary, and stays, at weight 0, until
 * `removeOwn`: if a control plane is down when the object is deleted, it then keeps no weight that sends
 * requests to the canary. Sluice creates it with POST, so an object of that name that is not ours causes an
 * error and is never taken over.
 */
export function planOwn(own: OwnObject, context: TrafficContext, split: Split): Write[] {
  const { name } = ownMetadata(context);
  const all = liveOwn(context);
  const live = all.find(({ metadata }) => metadata.name === name);
  const wanted = own.make(context, split, totalOf(own, context, live));
  const rest = remove(
    own,
    context,
    all.filter((object) => object !== live),
  );
  if (live === undefined)
    return equalJson({ ...split }, { ...OFF }) ? rest : [{ verb: 'create', object: wanted }, ...rest];
  return isAsWanted(live, wanted) ? rest : [{ verb: 'apply', object: wanted }, ...rest];
}

/**
 * The sum of the weights stays as it was when the object was made, also if the policy can no longer be read
 * and so does not say how fine they have to be.
 */
function totalOf(own: OwnObject, context: TrafficContext, live: KubeObject | undefined): number {
  const { total } = context.wants;
  const made = live === undefined ? undefined : own.read(context, live)?.total;
  return made !== undefined && made > 0 && made % total === 0 ? made : total;
}

export const removeOwn = (own: OwnObject, context: TrafficContext): Write[] =>
  remove(own, context, liveOwn(context));

function remove(own: OwnObject, { namespace }: TrafficContext, objects: readonly KubeObject[]): Write[] {
  return objects.map(({ metadata }) => ({
    verb: 'delete',
    ref: { resource: own.resource, namespace, name: metadata.name },
    uid: metadata.uid ?? '',
  }));
}

/** Where the object sends requests; undefined if it differs from what was made. */
export function ownSplit(own: OwnObject, context: TrafficContext): OwnSplit | undefined {
  const [live, second] = liveOwn(context);
  if (live === undefined) return { ...OFF, total: context.wants.total };
  const split = own.read(context, live);
  if (split === undefined || second !== undefined) return undefined;
  const wanted = own.make(context, split, split.total);
  return wanted.metadata.name === live.metadata.name && equalJson(live.spec, wanted.spec) ? split : undefined;
}

/** Labels that others add are kept. */
function isAsWanted(live: KubeObject, wanted: KubeObject): boolean {
  const have = getStringMap(live, 'metadata', 'labels');
  const labels = Object.entries(getStringMap(wanted, 'metadata', 'labels'));
  return equalJson(live.spec, wanted.spec) && labels.every(([key, value]) => have[key] === value);
}
