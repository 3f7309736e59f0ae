import { shows } from '../../providers/provider.ts';
import { REASON } from '../../api/reasons.ts';
import type { Action, Answer } from '../model.ts';
import { optional, orEnd } from '../actions.ts';
import { answerFor, AT_ONCE, SLOW_MS } from '../answer.ts';
import { following } from '../plan/following.ts';
import type { Stage, StepFacts } from './stage.ts';

/** The first few actions, for people. */
function what(actions: readonly Action[]): string {
  const whys = actions.map((action) => (action.do === 'write' ? action.why : action.do));
  return whys.length <= 3 ? whys.join(', ') : `${whys.slice(0, 3).join(', ')} and ${whys.length - 3} more`;
}

/** The canary already gets what this step gives it, so it has to be judged whatever happens to its copies. */
const begun = ({ facts, status, traffic, split }: StepFacts): boolean =>
  status.weightObservedAt !== undefined || (facts.canary.ofRelease && shows(traffic.observation, split));

/**
 * Before the first canary pod starts, everything that protects, reaches or watches stable pods has to do so for canary
 * pods. If a copy cannot follow, the weight stays where it is.
 */
export const companionsFollow: Stage = (s) => {
  if (begun(s)) return undefined;
  const { actions: fresh, again, refusals } = following(s.facts, s.release);
  const [first] = refusals;
  const actions = orEnd('Refused', [...fresh, ...again]);
  if (actions.length > 0) {
    const sentence = `The companions of the canary are brought up to date: ${what(actions)}.`;
    const parts = { reason: REASON.PreparingCanary, sentence, actions, requeueAfterMs: AT_ONCE };
    return answerFor(s.facts, s.release, parts, { phase: 'Progressing' });
  }
  if (first === undefined) return undefined;
  const parts = { ...first, outcome: 'stalled' as const, requeueAfterMs: SLOW_MS };
  return answerFor(s.facts, s.release, parts, { phase: 'Waiting' });
};

/**
 * Edits of the originals are followed during a step, after everything else that the pass decides: writes that are
 * refused, time out or are undone again and again must not prevent the judging of a canary with traffic.
 */
export function withCompanions(s: StepFacts, answer: Answer): Answer {
  if (!begun(s) || answer.status?.next.phase === 'RollingBack') return answer;
  const { actions } = following(s.facts, s.release);
  return actions.length === 0 ? answer : { ...answer, actions: [...answer.actions, ...optional(actions)] };
}
