import type { JudgeRule } from './rule.ts';
import { fromMetric } from './rule.ts';

/** A critical metric without calibration shows harm that is not certain enough to roll back: the canary gets no requests. */
export const suspected: JudgeRule = {
  name: 'suspected',
  judge(input) {
    const found = input.deciding.find(({ suspected: is, verdict }) => is === true && verdict.critical);
    return found && { ...fromMetric(input, found), result: 'inconclusive' };
  },
};
