import type { JudgeRule } from './rule.ts';
import { fromMetric } from './rule.ts';

/**
 * A metric whose stored statistics cannot be read is believed only if it finds harm. It speaks first, because only a
 * human can help.
 */
export const unread: JudgeRule = {
  name: 'unread',
  judge(input) {
    const found = input.deciding.find((opinion) => opinion.unread === true);
    return found && { ...fromMetric(input, found), result: 'inconclusive' };
  },
};
