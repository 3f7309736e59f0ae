import { formatDuration } from '../../../lib/duration.ts';
import { REASON } from '../../../api/reasons.ts';
import type { BoundedClock } from '../../../api/kinds/release/status.ts';
import { splitText } from '../../../api/split.ts';
import { clocksOf, CONFIRM_WITHIN_MS, isExposed } from '../../facts/exposure.ts';
import { timeOf } from '../../facts/workload.ts';
import type { Rule } from '../../model.ts';
import { stepFacts } from '../../step/stage.ts';
import { TURNED_DOWN, withdraw } from '../../plan/withdraw.ts';
import { withhold } from '../../live/withhold.ts';
import type { Promoting, Stepping } from '../../situation.ts';

/** A controller that has just started has no measurements yet; its first one may tell what happened. */
const FIRST_LOOK_MS = 120_000;

/** Nothing could be judged for as long as the policy allows (`blind`), while requests went to the canary. */
export const nothingJudged: Rule<Stepping | Promoting> = {
  name: 'nothing-judged',
  decide(facts) {
    const { active, snapshot, nowMs } = facts;
    const clock = runningOut(facts, 'blind');
    if (clock === undefined) return undefined;
    const looked = snapshot.measured?.release === active.metadata.name;
    if (!looked && nowMs - Date.parse(clock.until) < FIRST_LOOK_MS) return undefined;
    const blindMs = Date.parse(clock.until) - Date.parse(clock.since);
    const known = active.status.verdict?.sentence ?? 'no window has been judged';
    const sentence = `Nothing could be judged for ${formatDuration(blindMs)} while requests went to the canary (${known}): its weight is 0, and the step begins again when data return.`;
    return withhold(facts, active, { reason: REASON.DataMissing, sentence });
  },
};

/**
 * A weight that the back end does not confirm is taken back; if all requests may go to the canary, the whole release
 * is.
 */
export const weightUnconfirmed: Rule<Stepping | Promoting> = {
  name: 'weight-unconfirmed',
  decide(facts) {
    const { active } = facts;
    const clock = runningOut(facts, 'unconfirmed');
    if (clock === undefined) return undefined;
    const s = stepFacts(facts, active);
    const problem = facts.traffic?.observation.problem ?? 'the back end has not confirmed it';
    const what = s === undefined ? 'The weight' : splitText(s.split).replace(/^w/, 'W');
    const reason = REASON.RouteRejected;
    if (s?.split.weight === 100)
      return withdraw(facts, active, {
        reason,
        sentence: `${what} cannot be read back: ${problem}.`,
        withdrawal: TURNED_DOWN,
      });
    const sentence = `${what} was not confirmed within ${formatDuration(CONFIRM_WITHIN_MS)}: ${problem}. It is taken back; the step begins again when the back end confirms weight 0.`;
    return withhold(facts, active, { reason, sentence });
  },
};

/** The clock of that name, if its time is over. */
function runningOut(facts: Stepping | Promoting, name: BoundedClock['name']): BoundedClock | undefined {
  const { active } = facts;
  if (!isExposed(facts)) return undefined;
  const clock = clocksOf(facts, active, active.status).find((each) => each.name === name);
  return clock !== undefined && timeOf(clock.until, Infinity) <= facts.nowMs ? clock : undefined;
}
