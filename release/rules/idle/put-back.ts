import type { JsonObject } from '../../../lib/json.ts';
import { ANNOTATION } from '../../../api/names.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import { REASON } from '../../../api/reasons.ts';
import { templatesEqual } from '../../canary/index.ts';
import { setAsideOf } from '../../facts/records.ts';
import type { Facts } from '../../facts/facts.ts';
import { servingAlone, type WorkloadFacts } from '../../facts/workload.ts';
import type { Answer } from '../../model.ts';
import { hold, patchRelease } from '../../actions.ts';
import { answer, AT_ONCE, type FactsRule } from '../../answer.ts';

/** The newer template that was set aside comes back, held, once the stable one serves alone again. */
export const putBack: FactsRule = {
  name: 'put-back',
  decide(facts) {
    const { active, newest, target, stable } = facts;
    if (active !== undefined || newest === undefined || target === undefined || stable === undefined)
      return undefined;
    if (
      newest.metadata.annotations?.[ANNOTATION.setAside] === undefined ||
      !atRest(facts, target) ||
      stable.foreign
    )
      return undefined;
    const template = setAsideOf(newest);
    const done = template === undefined || !stable.wanted || templatesEqual(template, stable.template);
    if (done) return forget(newest);
    if (stable.lost) return undefined;
    return back(facts, target, template);
  },
};

/** In pause mode a target that has come to rest is paused; in admission mode it is not, and so may still be rolling. */
function atRest({ snapshot }: Facts, target: WorkloadFacts): boolean {
  const settled = target.observed && servingAlone(target) !== undefined;
  return target.paused || (snapshot.config.hold === 'admission' && settled);
}

function back(facts: Facts, target: WorkloadFacts, template: JsonObject): Answer {
  const sentence = 'The newer template that was set aside is put back, held.';
  return answer({
    reason: REASON.Holding,
    sentence,
    actions: [hold(facts, target, template)],
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
