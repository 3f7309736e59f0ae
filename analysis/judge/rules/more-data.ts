import { REASON } from '../../../api/reasons.ts';
import { evidence } from '../core/text.ts';
import type { Case, JudgeRule } from './rule.ts';
import { fromMetric, withCombined } from './rule.ts';

/** Nothing is decided: the first metric that is not safe yet says what it waits for. Also the answer if no other rule has one. */
export const moreData: JudgeRule = {
  name: 'more-data',
  judge(input) {
    const unproven = input.deciding.filter(({ verdict }) => verdict.result !== 'pass');
    const waiting = unproven.find(({ verdict }) => !LAST.has(verdict.reason)) ?? unproven[0];
    return outvoted(input) ?? (waiting && { ...fromMetric(input, waiting), result: 'inconclusive' });
  },
};

/** More data do not change these, so a metric that still gathers data speaks first. */
const LAST: ReadonlySet<string> = new Set([REASON.NothingToCompare, REASON.Uncalibrated]);

/** A metric that alone would stop the release, while the mean of all is below the bar. */
function outvoted(input: Case): ReturnType<JudgeRule['judge']> {
  const { shares, overBar } = input.combined;
  const found = shares.find(({ opinion }) => opinion.verdict.result === 'fail');
  if (found === undefined) return undefined;
  const verdict = fromMetric(input, found.opinion);
  const together = `${evidence(overBar + found.bar)} of ${evidence(found.bar)}`;
  const sentence = `${verdict.sentence}; by itself it would stop the release, but the evidence of ${shares.length} metrics together is ${together}`;
  const numbers = withCombined(verdict, overBar, found.bar);
  return { result: 'inconclusive', reason: REASON.MoreDataNeeded, sentence, numbers };
}
