import { LASTING_MS, sentenceOf } from '../../status/obstacle.ts';
import type { Rule } from '../../model.ts';
import { TURNED_DOWN, withdraw } from '../../plan/withdraw.ts';
import type { Stepping } from '../../situation.ts';

/**
 * Validation or admission keeps refusing a write that the step needs: the release ends, and the server's own sentence
 * says why. For a missing right the release waits instead, and a transient failure of the server is not a refusal.
 */
export const writeRefused: Rule<Stepping> = {
  name: 'write-refused',
  decide(facts) {
    const { active, snapshot, nowMs } = facts;
    const refused = Object.values(snapshot.refused).find(
      (each) =>
        each.kind === 'refused' &&
        each.endsAs !== undefined &&
        each.release === active.metadata.name &&
        nowMs - each.sinceMs >= LASTING_MS,
    );
    if (refused?.endsAs === undefined) return undefined;
    const { endsAs: reason } = refused;
    return withdraw(facts, active, { reason, sentence: sentenceOf(refused), withdrawal: TURNED_DOWN });
  },
};
