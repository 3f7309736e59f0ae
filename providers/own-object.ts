import { equalJson, getStringMap } from '../api/json.ts';
import type { KubeObject, Resource } from '../api/kube.ts';
import { REASON } from '../api/reasons.ts';
import type { Write } from '../api/writes.ts';
import { dnsLabel, isMadeFor, ownLabels } from './naming.ts';
import type { Refusal, TrafficContext } from './provider.ts';

/** A back end's whole split as one object of our own, beside no route of the user's. */
export interface OwnObject {
  resource: Resource;
  /** the object that sends `weight` whole percent to the canary */
  make: (context: TrafficContext, weight: number) => KubeObject;
  /** what the object's weights say, whatever else is in it; undefined if that cannot be read */
  percentIn: (context: TrafficContext, live: KubeObject) => number | undefined;
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

/** Sluice makes its objects anew and takes none over: an object of that name would stop the release half-way. */
export function refuseTaken(own: OwnObject, context: TrafficContext): Refusal[] {
  const { kind } = own.resource;
  const { name } = ownMetadata(context);
  return (context.others ?? [])
    .filter((object) => object.kind === kind && object.metadata.name === name)
    .filter((object) => !isMadeFor(context.target, object))
    .map(() => ({
      reason: REASON.NameTaken,
      sentence: `${kind} ${name} exists and was not made by Sluice, which needs that name for the release; rename or delete it.`,
    }));
}

/** What stands of it; an object that is being deleted is gone. */
export function liveOwn({ made, target }: TrafficContext): KubeObject[] {
  return made.filter(
    (object) => isMadeFor(target, object) && object.metadata.deletionTimestamp === undefined,
  );
}

/**
 * The object is made when the first request is to go to the canary and stays, at weight 0, until `removeOwn`: a control
 * plane that is down when the object is deleted then leaves nothing that sends anybody to the canary. Made by POST, so
 * that an object of that name that is not ours is an error and is never taken over.
 */
export function planOwn(own: OwnObject, context: TrafficContext, weight: number): Write[] {
  const wanted = own.make(context, Math.round(weight));
  const all = liveOwn(context);
  const live = all.find(({ metadata }) => metadata.name === wanted.metadata.name);
  const rest = remove(
    own,
    context,
    all.filter((object) => object !== live),
  );
  if (live === undefined) return weight === 0 ? rest : [{ verb: 'create', object: wanted }, ...rest];
  return isAsWanted(live, wanted) ? rest : [{ verb: 'apply', object: wanted }, ...rest];
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

/** Percent routed to the canary; undefined if the object is not, or not only, what was made. */
export function ownPercent(own: OwnObject, context: TrafficContext): number | undefined {
  const [live, second] = liveOwn(context);
  if (live === undefined) return 0;
  const percent = own.percentIn(context, live);
  if (percent === undefined || second !== undefined) return undefined;
  const wanted = own.make(context, percent);
  return wanted.metadata.name === live.metadata.name && equalJson(live.spec, wanted.spec)
    ? percent
    : undefined;
}

/** Labels others add are left alone. */
function isAsWanted(live: KubeObject, wanted: KubeObject): boolean {
  const have = getStringMap(live, 'metadata', 'labels');
  const labels = Object.entries(getStringMap(wanted, 'metadata', 'labels'));
  return equalJson(live.spec, wanted.spec) && labels.every(([key, value]) => have[key] === value);
}
