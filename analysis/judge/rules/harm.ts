import type { Verdict } from '../../../api/kinds/release/verdict.ts';
import { REASON } from '../../../api/reasons.ts';
import { evidence } from '../core/text.ts';
import type { Case, JudgeRule } from './rule.ts';
import { fromMetric, withCombined } from './rule.ts';

/**
 * The weighted mean of the critical metrics' evidence of harm reached the bar. A mean of e-values is an e-value under any
 * dependence, so more metrics do not mean more false alarms.
 */
export const harm: JudgeRule = {
  name: 'harm',
  judge(input) {
    return input.combined.overBar < 0 ? undefined : stop(input);
  },
};

/** Reported by the metric with the largest share, which need not have reached its bar alone. */
function stop(input: Case): Verdict | undefined {
  const { shares, overBar } = input.combined;
  const [first] = shares;
  if (first === undefined) return undefined;
  const own = fromMetric(input, first.opinion);
  const verdict: Verdict = { ...own, result: 'fail', reason: REASON.HarmDetected };
  if (shares.length === 1) return verdict;
  const together = `evidence ${evidence(overBar + first.bar)} against a bar of ${evidence(first.bar)}`;
  const sentence =
    own.result === 'fail'
      ? `${own.sentence}; ${shares.length} metrics together: ${together}`
      : `${shares.length} metrics together show harm (${together}), most of it ${own.sentence}`;
  return { ...verdict, sentence, numbers: withCombined(own, overBar, first.bar) };
}
