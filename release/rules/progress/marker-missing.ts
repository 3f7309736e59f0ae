import { REASON } from '../../../api/reasons.ts';
import { isMarkedFailed, mark } from '../../actions.ts';
import { answer, AT_ONCE } from '../../answer.ts';
import type { Rule } from '../../model.ts';
import type { Idle, Starting, Stepping } from '../../situation.ts';

/**
 * Admission mode: a target held in another way (in pause mode, or by a human) gets the marker, so that admission keeps
 * it held. A target about to roll out does not need it.
 */
export const markerMissing: Rule<Idle | Starting | Stepping> = {
  name: 'marker-missing',
  decide({ snapshot, target, stable }) {
    if (snapshot.config.hold !== 'admission' || !target.paused || target.marker !== undefined)
      return undefined;
    if (stable.wanted || stable.foreign) return undefined;
    const sentence = 'The target holds a template that is not proven: it is marked as held.';
    const actions = [mark(target, isMarkedFailed(target) ? 'failed' : 'new')];
    return answer({ reason: REASON.Holding, sentence, actions, requeueAfterMs: AT_ONCE });
  },
};
