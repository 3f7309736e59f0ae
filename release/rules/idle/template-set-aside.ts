import type { JsonObject } from '../../../lib/json.ts';
import { ANNOTATION } from '../../../api/names.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import { REASON } from '../../../api/reasons.ts';
import { templatesEqual } from '../../canary/index.ts';
import { setAsideOf } from '../../facts/records.ts';
import { servingAlone } from '../../facts/workload.ts';
import type { Answer, Rule } from '../../model.ts';
import { hold, patchRelease } from '../../actions.ts';
import { answer, AT_ONCE } from '../../answer.ts';
import type { Idle } from '../../situation.ts';

/** The newer template that was set aside is put back, held, once the stable one serves alone again. */
export const templateSetAside: Rule<Idle> = {
  name: 'template-set-aside',
  decide(facts) {
    const { newest, stable } = facts;
    if (newest.metadata.annotations?.[ANNOTATION.setAside] === undefined || !atRest(facts)) return undefined;
    const template = setAsideOf(newest);
    const done = template === undefined || !stable.wanted || templatesEqual(template, stable.template);
    if (done) return forget(newest);
    if (stable.lost) return undefined;
    return back(facts, template);
  },
};

/** In pause mode a target at rest is paused; in admission mode it is not, so it may still be rolling out. */
function atRest({ snapshot, target }: Idle): boolean {
  const settled = target.observed && servingAlone(target) !== undefined;
  return target.paused || (snapshot.config.hold === 'admission' && settled);
}

function back(facts: Idle, template: JsonObject): Answer {
  const sentence = 'The newer template that was set aside is put back, held.';
  return answer({
    reason: REASON.Holding,
    sentence,
    actions: [hold(facts, facts.target, template)],
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
