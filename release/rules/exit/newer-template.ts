import { REASON } from '../../../api/reasons.ts';
import { phaseOf } from '../../facts/records.ts';
import type { Rule } from '../../model.ts';
import { withdraw } from '../../plan/withdraw.ts';
import type { Starting, Stepping } from '../../situation.ts';

/**
 * After this many replaced releases in a row one release is finished; otherwise a busy team would never release
 * anything.
 */
const IN_A_ROW = 3;

/**
 * A newer template replaces the one under test: weight 0, the canary and its pods are removed, then a new release
 * begins.
 */
export const newerTemplate: Rule<Starting | Stepping> = {
  name: 'newer-template',
  decide(facts) {
    const { active, target, stable } = facts;
    if (facts.holdsNewest || stable.wanted) return undefined;
    if (facts.kind === 'Stepping' && queues(facts)) return undefined;
    const sentence = `A newer template arrived (generation ${target.generation}).`;
    const withdrawal = { endsAs: 'Superseded', turnedDown: false, by: 'Author' } as const;
    return withdraw(facts, active, { reason: REASON.Superseded, sentence, withdrawal });
  },
};

/** The newer template waits until this release has ended. It never waits for a release that cannot begin. */
function queues({ releases, rules }: Stepping): boolean {
  const before = releases.slice(1);
  const first = before.findIndex((release) => phaseOf(release) !== 'Superseded');
  const inARow = first < 0 ? before.length : first;
  return rules.policy.onNewRevision === 'queue' || inARow >= IN_A_ROW;
}
