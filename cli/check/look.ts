import { REASON } from '../../api/reasons.ts';
import type { Release } from '../../api/release.ts';
import type { Note } from '../../controller/discovery/index.ts';
import { factsOf, type Facts } from '../../controller/facts.ts';
import type { Snapshot } from '../../controller/model.ts';
import { planRelease, type Plan } from '../../controller/rules/plan.ts';
import { newRelease } from '../../controller/rules/record.ts';

/** What would become of a change of the target now. */
export interface Checked {
  /** as if the release had begun; undefined: there is no such target */
  facts: Facts | undefined;
  plan: Plan;
  /** as it would be recorded; undefined if it cannot begin */
  release: Release | undefined;
}

/** What is good to know and stands against nothing. */
export function notesOf({ facts, plan }: Checked): readonly Note[] {
  if (!plan.ok) return [];
  if (facts?.optedIn !== undefined) return plan.notes;
  const sentence =
    'The annotation sluice.dev/policy is not set, so no change is held yet; what stands here is what policy default would do.';
  return [{ reason: REASON.OptedOut, sentence }, ...plan.notes];
}

/** What manifests alone cannot tell: it shows only once a controller has reported on the routes. */
export const onlyTime = ({ plan }: Checked): boolean =>
  !plan.ok && plan.refusals.every(({ reason }) => reason === REASON.PresetUnknown);

/** Plans a release of the template that the target holds, as the controller would. */
export function lookAt(snapshot: Snapshot): Checked {
  const facts = factsOf(snapshot);
  const plan = planRelease(facts);
  const { target } = facts;
  if (!plan.ok || target === undefined) return { facts, plan, release: undefined };
  const { template } = target;
  const release = newRelease(target, {
    stable: { replicaSet: '', template },
    canary: { template },
    ...plan.value,
  });
  return { facts: factsOf({ ...snapshot, releases: [release] }), plan, release };
}
