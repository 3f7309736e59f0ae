import { shows } from '../../../providers/provider.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Action } from '../../model.ts';
import { answerFor, AT_ONCE, SLOW_MS } from '../answer.ts';
import { following } from '../following.ts';
import type { Stage } from './stage.ts';

/** The first few, for people. */
function what(actions: readonly Action[]): string {
  const whys = actions.map((action) => (action.do === 'write' ? action.why : action.do));
  return whys.length <= 3 ? whys.join(', ') : `${whys.slice(0, 3).join(', ')} and ${whys.length - 3} more`;
}

/**
 * What protects, reaches or watches stable pods stands for canary pods as well, before the first of them, and follows
 * edits. What cannot keeps the weight where it is; a canary that has the weight of the step is judged, whatever happens
 * here.
 */
export const companionsFollow: Stage = (s) => {
  const judged = s.status.weightObservedAt !== undefined;
  const { actions, refusals } = following(s.facts, s.release);
  const [first] = refusals;
  if (actions.length > 0) {
    const sentence = `What follows the canary is brought up to date: ${what(actions)}.`;
    const parts = { reason: REASON.PreparingCanary, sentence, actions, requeueAfterMs: AT_ONCE };
    const { reason, message } = s.status;
    return answerFor(s.facts, s.release, parts, judged ? { reason, message } : { phase: 'Progressing' });
  }
  const begun = s.facts.canary.ofRelease && (judged || shows(s.traffic.observation, s.split));
  if (first === undefined || begun) return undefined;
  const parts = { ...first, outcome: 'stalled' as const, requeueAfterMs: SLOW_MS };
  return answerFor(s.facts, s.release, parts, { phase: 'Waiting' });
};
