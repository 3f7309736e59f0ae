import { REASON } from '../../../api/reasons.ts';
import type { JudgeRule } from './rule.ts';
import { fromMetric } from './rule.ts';

/**
 * A failure that may not stop the release still forbids its pass: the metric is not critical, or the effect is too small
 * to be critical. So does harm that a metric which is not critical only suspects.
 */
export const withheld: JudgeRule = {
  name: 'withheld',
  judge(input) {
    const averaged = new Set(input.combined.shares.map(({ opinion }) => opinion));
    const found = input.deciding.find(
      (evaluation) =>
        evaluation.suspected === true || (evaluation.verdict.result === 'fail' && !averaged.has(evaluation)),
    );
    if (found === undefined) return undefined;
    const verdict = fromMetric(input, found);
    const why = found.verdict.critical ? 'the failure is not of critical size' : 'the metric is not critical';
    const sentence = `${verdict.sentence}; ${why}, so it withholds the pass and rolls nothing back`;
    return { ...verdict, result: 'inconclusive', reason: REASON.PassWithheld, sentence };
  },
};
