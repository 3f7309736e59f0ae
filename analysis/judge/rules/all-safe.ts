import { REASON } from '../../../api/reasons.ts';
import type { JudgeRule } from './rule.ts';
import { fromMetric } from './rule.ts';

/** Every deciding metric is safe by itself, so no correction for several metrics is needed. */
export const allSafe: JudgeRule = {
  name: 'all-safe',
  judge(input) {
    const [first] = input.deciding;
    if (first === undefined || input.deciding.some(({ verdict }) => verdict.result !== 'pass'))
      return undefined;
    if (input.deciding.length === 1) return fromMetric(input, first);
    const names = input.deciding.map(({ verdict }) => verdict.metric).join(', ');
    return {
      result: 'pass',
      reason: REASON.SafeProven,
      sentence: `all ${input.deciding.length} metrics are safe: ${names}; ${fromMetric(input, first).sentence}`,
      numbers: first.verdict.numbers,
    };
  },
};
