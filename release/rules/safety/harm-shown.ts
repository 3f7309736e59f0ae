import { REASON } from '../../../api/reasons.ts';
import { withhold } from '../../live/withhold.ts';
import type { Rule } from '../../model.ts';
import { overflow } from '../../step/share.ts';
import { stepFacts } from '../../step/stage.ts';
import { withdraw } from '../../plan/withdraw.ts';
import { judged } from '../../live/judged.ts';
import type { Promoting, Stepping } from '../../situation.ts';

/**
 * The newest measured window shows harm, or more requests than the weight allows: the release is taken back, whatever
 * else it waits for. Where harm is only suspected, the canary gets no requests until a human has looked. Only if a human ordered the promotion, the rest of the analysis decides nothing.
 */
export const harmShown: Rule<Stepping | Promoting> = {
  name: 'harm-shown',
  decide(facts) {
    const s = stepFacts(facts, facts.active);
    const known = s && judged(s);
    if (known === undefined) return undefined;
    const { verdict, analysis } = known.status;
    const suspected = facts.kind === 'Stepping' && verdict?.reason === REASON.HarmSuspected;
    if (verdict === undefined || (verdict.result !== 'fail' && !suspected)) return overflow(known);
    const ordered = facts.kind === 'Promoting' && known.status.promotedFor === 'Order';
    if (ordered) return undefined;
    const { reason, sentence } = verdict;
    if (suspected)
      return withhold(facts, known.release, {
        reason: REASON.HarmSuspected,
        sentence,
        change: { analysis, verdict },
      });
    return withdraw(facts, known.release, { reason, sentence, verdict, change: { analysis } });
  },
};
