import { lookedAt, pardoned } from '../../../analysis/judge/core/judge.ts';
import { ANNOTATION } from '../../../api/names.ts';
import { REASON } from '../../../api/reasons.ts';
import { patchRelease } from '../../actions.ts';
import { answer, answerFor, AT_ONCE } from '../../answer.ts';
import type { Rule } from '../../model.ts';
import type { StatusChange } from '../../status/next.ts';
import { LET_GO } from '../../live/withhold.ts';
import type { Starting, Stepping } from '../../situation.ts';

/**
 * A human resumes a release that waits after a fix: its step begins again, with the flap limit as at the beginning. It
 * does not answer a question about the evidence: `sluice.dev/resumed-step` does.
 */
export const resumeOrdered: Rule<Starting | Stepping> = {
  name: 'resume-ordered',
  decide(facts) {
    const { active } = facts;
    if (active.metadata.annotations?.[ANNOTATION.resume] === undefined) return undefined;
    const actions = [
      patchRelease('remove the order', active, { annotations: { [ANNOTATION.resume]: null } }),
    ];
    const sentence = 'A human resumed the release: its step begins again.';
    const parts = { reason: REASON.ResumedByHuman, sentence, actions, requeueAfterMs: AT_ONCE };
    if (facts.kind === 'Starting') return answer(parts);
    return answerFor(facts, active, parts, {
      phase: 'Progressing',
      ...LET_GO,
      ...statisticsOf(facts),
      stepStartedAt: new Date(facts.nowMs).toISOString(),
    });
  },
};

/** The order is also an answer where the weight was withheld because of the statistics. */
function statisticsOf({ active: { status }, templates }: Stepping): StatusChange {
  const { analysis, withheld } = status;
  if (analysis === undefined) return {};
  if (withheld?.reason === REASON.StateUnreadable) return { analysis: lookedAt(analysis, templates) };
  return withheld?.reason === REASON.HarmSuspected ? { analysis: pardoned(analysis) } : {};
}
