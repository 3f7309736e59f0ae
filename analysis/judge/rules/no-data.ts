import type { JudgeRule } from './rule.ts';
import { fromMetric } from './rule.ts';

/** A metric without usable data in this window: never a pass, whatever was proven before. */
export const noData: JudgeRule = {
  name: 'no-data',
  judge(input) {
    const gap = input.deciding.find((evaluation) => evaluation.missing);
    return gap && { ...fromMetric(input, gap), result: 'inconclusive' };
  },
};
