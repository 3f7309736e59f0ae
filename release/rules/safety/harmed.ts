import { phaseOf } from '../../facts/records.ts';
import type { FactsRule } from '../../answer.ts';
import { overflow } from '../../step/share.ts';
import { liveStep } from '../../step/stage.ts';
import { withdraw } from '../../plan/withdraw.ts';
import { judged } from '../../live/judged.ts';

/**
 * The window that was measured last shows harm, or more requests than the weight allows: the release is taken back, whatever else it
 * waits for. Only where a human ordered the promotion the rest of the analysis decides nothing any more.
 */
export const harmed: FactsRule = {
  name: 'harmed',
  decide(facts) {
    const s = liveStep(facts);
    const known = s && judged(s);
    if (known === undefined) return undefined;
    const { verdict, analysis } = known.status;
    if (verdict?.result !== 'fail') return overflow(known);
    const ordered = phaseOf(known.release) === 'Promoting' && known.status.promotedFor === 'Order';
    if (ordered) return undefined;
    const { reason, sentence } = verdict;
    return withdraw(facts, known.release, { reason, sentence, verdict, change: { analysis } });
  },
};
