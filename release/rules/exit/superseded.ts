import type { Release } from '../../../api/kinds/release/release.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Facts } from '../../facts/facts.ts';
import { phaseOf } from '../../facts/records.ts';
import type { FactsRule } from '../../answer.ts';
import { withdraw } from '../../plan/withdraw.ts';

/** After this many in a row one release is finished, or a busy team would never release anything. */
const IN_A_ROW = 3;

/** A newer template replaces the one under test: weight 0, the canary and its pods go, then a new release begins. */
export const superseded: FactsRule = {
  name: 'superseded',
  decide(facts) {
    const { active, target } = facts;
    if (active === undefined || target === undefined || facts.holdsNewest || facts.stable?.wanted !== false)
      return undefined;
    if (queues(facts, active)) return undefined;
    const sentence = `A newer template arrived (generation ${target.generation}).`;
    const withdrawal = { endsAs: 'Superseded', turnedDown: false, by: 'Author' } as const;
    return withdraw(facts, active, { reason: REASON.Superseded, sentence, withdrawal });
  },
};

/** The newer template waits until this release has ended. A release that cannot begin is never waited for. */
function queues(facts: Facts, active: Release): boolean {
  if (['Pending', 'Blocked'].includes(phaseOf(active))) return false;
  const before = facts.releases.slice(1);
  const first = before.findIndex((release) => phaseOf(release) !== 'Superseded');
  const inARow = first < 0 ? before.length : first;
  return facts.rules?.policy.onNewRevision === 'queue' || inARow >= IN_A_ROW;
}
