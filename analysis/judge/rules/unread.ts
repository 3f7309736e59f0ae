import type { JudgeRule } from './rule.ts';
import { fromMetric } from './rule.ts';

/** Of a metric whose stored statistics cannot be read only harm is believed. It speaks first, because only a human helps. */
export const unread: JudgeRule = {
  name: 'unread',
  judge(input) {
    const found = input.deciding.find((opinion) => opinion.unread === true);
    return found && { ...fromMetric(input, found), result: 'inconclusive' };
  },
};
