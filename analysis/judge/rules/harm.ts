import type { Verdict } from '../../../api/analysis.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Evaluation } from '../evaluation.ts';
import type { Case, JudgeRule } from './rule.ts';
import { fromMetric } from './rule.ts';

/**
 * The mean of the error rates' harm evidence reached the bar. A mean of e-values is an e-value under any dependence, so
 * several metrics do not add up to more false alarms.
 */
export const harm: JudgeRule = {
  name: 'harm',
  judge(input) {
    if (input.combinedHarm < 0) return undefined;
    const strongest = input.deciding
      .filter((evaluation) => evaluation.harm !== undefined)
      .sort((a, b) => (b.harm ?? 0) - (a.harm ?? 0))[0];
    return strongest && stop(input, strongest);
  },
};

function stop(input: Case, strongest: Evaluation): Verdict {
  const verdict = fromMetric(input, strongest);
  return { ...verdict, result: 'fail', reason: REASON.HarmDetected };
}
