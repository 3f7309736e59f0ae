import { REASON } from '../../../api/reasons.ts';
import type { JudgeRule } from './rule.ts';
import { fromMetric } from './rule.ts';

/** All requests go to the canary, and only that prevents a pass. A metric outside its limits speaks first. */
export const nothingToCompare: JudgeRule = {
  name: 'nothing-to-compare',
  judge(input) {
    const waiting = input.deciding.filter(({ verdict }) => verdict.result !== 'pass');
    if (waiting.some(({ verdict }) => verdict.reason !== REASON.NothingToCompare)) return undefined;
    const told = waiting.find(({ tolerable }) => tolerable !== true) ?? waiting[0];
    return told && { ...fromMetric(input, told), result: 'inconclusive' };
  },
};
