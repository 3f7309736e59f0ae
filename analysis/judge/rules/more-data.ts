import type { JudgeRule } from './rule.ts';
import { fromMetric } from './rule.ts';

/** Nothing is decided: the first metric that is not safe yet says what it waits for. Also the answer of last resort. */
export const moreData: JudgeRule = {
  name: 'more-data',
  judge(input) {
    const waiting = input.deciding.find(({ verdict }) => verdict.result !== 'pass');
    return waiting && { ...fromMetric(input, waiting), result: 'inconclusive' };
  },
};
