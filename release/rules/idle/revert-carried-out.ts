import { ANNOTATION } from '../../../api/names.ts';
import { REASON } from '../../../api/reasons.ts';
import { patchRelease } from '../../actions.ts';
import { answer, AT_ONCE } from '../../answer.ts';
import type { Rule } from '../../model.ts';
import type { Idle } from '../../situation.ts';

/**
 * An order to a release that has ended: it is carried out, or is void because the target already has the stable
 * template.
 */
export const revertCarriedOut: Rule<Idle> = {
  name: 'revert-carried-out',
  decide({ newest, stable }) {
    if (!stable.wanted || newest.metadata.annotations?.[ANNOTATION.revert] === undefined) return undefined;
    const actions = [
      patchRelease('remove the order', newest, { annotations: { [ANNOTATION.revert]: null } }),
    ];
    const sentence = 'The target holds the stable template, as a human ordered.';
    return answer({ reason: REASON.RevertedByHuman, sentence, actions, requeueAfterMs: AT_ONCE });
  },
};
