import { FINALIZER } from '../../../api/names.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import { isEnded } from '../../facts/records.ts';
import type { Facts } from '../../facts/facts.ts';
import type { Answer, Rule } from '../../model.ts';
import { NOTHING } from '../../status/next.ts';
import { event, patchRelease } from '../../actions.ts';
import { answer, answerFor, AT_ONCE } from '../../answer.ts';
import { removeLeftBehind } from '../../plan/left-behind.ts';
import { discarded, mayBeUnfinished } from '../../record/made.ts';
import type { Between, Gone } from '../../situation.ts';

/**
 * A Release without a valid seal was forged or changed by hand, or the key was lost. Nothing in it is acted upon: what
 * is left of Sluice's own objects loses its traffic by the plain rule, and the Release ends.
 */
export const unsealedRelease: Rule<Gone | Between> = {
  name: 'unsealed-release',
  decide(facts) {
    const fresh = facts.unsealed.find((each) => each.status === undefined && !mayBeUnfinished(facts, each));
    if (fresh !== undefined) return discarded(fresh);
    const open = facts.unsealed.find(
      (release) => release.status !== undefined && (!isEnded(release) || holdsTraffic(release)),
    );
    return open === undefined ? undefined : (removeLeftBehind(facts) ?? ended(facts, open));
  },
};

const holdsTraffic = ({ metadata }: Release): boolean => (metadata.finalizers ?? []).includes(FINALIZER);

function ended(facts: Facts, release: Release): Answer {
  const { name, finalizers = [] } = release.metadata;
  const sentence = `Release ${name} has no valid seal (it was forged or changed by hand, or the key was lost): its canary gets no traffic, and Sluice acts on nothing in it.`;
  const left = finalizers.filter((each) => each !== FINALIZER);
  const parts = {
    reason: REASON.InvalidRelease,
    sentence,
    actions: [
      ...(holdsTraffic(release) ? [patchRelease('let the Release go', release, { finalizers: left })] : []),
      ...event(facts, 'Warning', REASON.InvalidRelease, sentence),
    ],
    requeueAfterMs: AT_ONCE,
  };
  if (isEnded(release)) return answer(parts);
  return answerFor(facts, release, { ...parts, outcome: 'done' }, { phase: 'Aborted', ...NOTHING });
}
