import type { Verdict } from '../../../api/kinds/release/verdict.ts';
import type { Combined } from '../core/combined.ts';
import { finiteNumbers } from '../core/comparison-text.ts';
import type { Opinion } from '../core/evaluation.ts';

/** What the ordered rules look at after every metric was evaluated. */
export interface Case {
  /** metrics that may decide: all except dry runs */
  deciding: readonly Opinion[];
  /** evidence of harm of all critical metrics together */
  combined: Combined;
}

/** One rule; undefined: it does not apply. The first rule in the list that answers gives the verdict. */
export interface JudgeRule {
  name: string;
  judge: (input: Case) => Verdict | undefined;
}

/** The verdict of one metric as the verdict of all, with the metric named where there are several. */
export function fromMetric(input: Case, { verdict }: Opinion): Verdict {
  const { result, reason, sentence, numbers } = verdict;
  const name = input.deciding.length > 1 ? `${verdict.metric}: ` : '';
  return { result, reason, sentence: name + sentence, numbers };
}

/** The numbers of one metric, with the combined evidence of all metrics against the bar of that metric. */
export function withCombined({ numbers }: Verdict, overBar: number, bar: number): Record<string, number> {
  return { ...numbers, ...finiteNumbers({ combinedEvidence: Math.exp(overBar + bar) }) };
}
