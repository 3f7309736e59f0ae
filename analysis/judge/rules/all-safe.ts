import type { Verdict } from '../../../api/kinds/release/verdict.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Opinion } from '../core/evaluation.ts';
import type { Case, JudgeRule } from './rule.ts';
import { fromMetric } from './rule.ts';

/** Every deciding metric is safe by itself, so no correction for several metrics is needed. */
export const allSafe: JudgeRule = {
  name: 'all-safe',
  judge(input) {
    const [first] = input.deciding;
    if (first === undefined || input.deciding.some(({ verdict }) => verdict.result !== 'pass'))
      return undefined;
    return input.deciding.length === 1 ? fromMetric(input, first) : together(input, first);
  },
};

/** The reason claims only what the weakest pass among them proves. */
function together(input: Case, first: Opinion): Verdict {
  const unproven = input.deciding.filter(({ verdict }) => verdict.reason === REASON.NoHarmDetected);
  const told = unproven[0] ?? first;
  const names = (list: readonly Opinion[]): string => list.map(({ verdict }) => verdict.metric).join(', ');
  const all = `all ${input.deciding.length} metrics pass: ${names(input.deciding)}`;
  const weak = unproven.length === 0 ? '' : ` (no harm detected, which is not proof: ${names(unproven)})`;
  return {
    result: 'pass',
    reason: unproven.length === 0 ? REASON.SafeProven : REASON.NoHarmDetected,
    sentence: `${all}${weak}; ${fromMetric(input, told).sentence}`,
    numbers: told.verdict.numbers,
  };
}
