import { ANNOTATION } from '../../api/names.ts';
import {
  ofTemplate,
  servingAlone,
  timeOf,
  type ReplicaSetFacts,
  type WorkloadFacts,
} from '../facts/workload.ts';
import type { Facts } from '../facts/facts.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { turnedDown } from './turned-down.ts';

/**
 * The template of the target serves alone and no Release says since when, because the Release that made it stable was
 * deleted. `changeEscaped` records what serves; it is not undone because an older Release calls something else stable.
 */
export function servesUnrecorded(facts: Facts): boolean {
  const { target, newest } = facts;
  if (target === undefined || newest === undefined) return false;
  const serving = presentAlone(target);
  const about = facts.holdsNewest ? newest : turnedDown(facts);
  return serving !== undefined && (about === undefined || isLater(serving, about));
}

function presentAlone(target: WorkloadFacts): ReplicaSetFacts | undefined {
  const serving = servingAlone(target);
  const present = serving === ofTemplate(target, target.template) && target.observed;
  return present && serving?.active === true ? serving : undefined;
}

/**
 * Did it begin to run after this Release? Yes if the target had gone back to stable since, if a human had the template
 * tried again, or if its ReplicaSet is younger than the Release, which never rolled it out. Both times are the API
 * server's.
 */
function isLater({ object }: ReplicaSetFacts, { metadata, status }: Release): boolean {
  const goneBack = status?.targetGeneration === undefined;
  const lifted = metadata.annotations?.[ANNOTATION.retry] !== undefined;
  const made = (text: string | undefined) => timeOf(text, Number.NaN);
  const younger = made(object.metadata.creationTimestamp) > made(metadata.creationTimestamp);
  return goneBack || lifted || (younger && status.promotionStartedAt === undefined);
}
