import { REASON } from '../../../api/reasons.ts';
import { phaseOf } from '../../facts/records.ts';
import { isMarkedFailed, mark } from '../../actions.ts';
import { answer, AT_ONCE, type FactsRule } from '../../answer.ts';

/**
 * Admission mode: a target held in another way (in pause mode, or by a human) gets the marker, so that admission keeps it
 * held. What is about to be let roll out needs none.
 */
export const marked: FactsRule = {
  name: 'marked',
  decide({ snapshot, active, target, stable }) {
    if (snapshot.config.hold !== 'admission' || target?.paused !== true || target.marker !== undefined)
      return undefined;
    if (stable === undefined || stable.wanted || stable.foreign) return undefined;
    if (active !== undefined && phaseOf(active) === 'Promoting') return undefined;
    const sentence = 'The target holds a template that is not proven: it is marked as held.';
    const actions = [mark(target, isMarkedFailed(target) ? 'failed' : 'new')];
    return answer({ reason: REASON.Holding, sentence, actions, requeueAfterMs: AT_ONCE });
  },
};
