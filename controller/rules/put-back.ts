import { ANNOTATION } from '../../api/names.ts';
import type { Release } from '../../api/release.ts';
import { REASON } from '../../api/reasons.ts';
import { templatesEqual } from '../canary/index.ts';
import { setAsideOf } from '../facts/records.ts';
import type { WorkloadFacts } from '../facts/workload.ts';
import type { Answer } from '../model.ts';
import { hold, patchRelease } from './actions.ts';
import { answer, AT_ONCE, type FactsRule } from './answer.ts';

/** The newer template that was set aside comes back, held, once the stable one serves alone again. */
export const putBack: FactsRule = {
  name: 'put-back',
  decide({ active, newest, target, stable }) {
    if (active !== undefined || newest === undefined || target === undefined || stable === undefined)
      return undefined;
    if (newest.metadata.annotations?.[ANNOTATION.setAside] === undefined || !target.paused || stable.foreign)
      return undefined;
    const template = setAsideOf(newest);
    const done = template === undefined || !stable.wanted || templatesEqual(template, stable.template);
    if (done) return forget(newest);
    if (stable.lost) return undefined;
    return back(target, template);
  },
};

function back(target: WorkloadFacts, template: NonNullable<ReturnType<typeof setAsideOf>>): Answer {
  const sentence = 'The newer template that was set aside is put back, held.';
  return answer({
    reason: REASON.Holding,
    sentence,
    actions: [hold(target, template)],
    requeueAfterMs: AT_ONCE,
  });
}

function forget(newest: Release): Answer {
  const annotations = { [ANNOTATION.setAside]: null };
  return answer({
    reason: REASON.Holding,
    sentence: 'Nothing is set aside any more.',
    actions: [patchRelease('forget the template that was set aside', newest, { annotations })],
    requeueAfterMs: AT_ONCE,
  });
}
