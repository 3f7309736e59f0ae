import type { LogTails } from './special/tails.ts';

/** Which harm a fixed-horizon test looks for: the canary's value greater than stable's, less, or merely different. */
export type Alternative = 'greater' | 'less' | 'two-sided';

/**
 * What a fixed-horizon test found. Not safe to peek: `p` holds for one look planned beforehand; for k looks compare it
 * with α/k (Bonferroni).
 */
export interface TestResult {
  /** positive where the canary is greater */
  statistic: number;
  /** probability of a statistic as extreme if both arms are alike; 0 where it is below 5e-324 */
  p: number;
  /** ln p, finite also where p is not */
  logP: number;
}

/** Picks the tail of the null distribution that the alternative asks for. */
export function result(statistic: number, { lower, upper }: LogTails, alternative: Alternative): TestResult {
  const twoSided = Math.min(0, Math.min(lower, upper) + Math.LN2);
  const logP = alternative === 'greater' ? upper : alternative === 'less' ? lower : twoSided;
  return { statistic, p: Math.exp(logP), logP };
}

/** A sample of finite numbers, at least `least` of them. */
export function checkSample(name: string, values: readonly number[], least: number): void {
  if (values.length < least) {
    throw new RangeError(`${name} has ${values.length} values; at least ${least} are needed`);
  }
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw new RangeError(`${name} holds ${wrong}; remove what is not a finite number`);
}

/** Counts of one arm: 0 ≤ bad ≤ total. */
export interface ArmCounts {
  bad: number;
  total: number;
}

export function checkCounts(name: string, { bad, total }: ArmCounts): void {
  if (!(total > 0 && total < Infinity)) {
    throw new RangeError(`${name}.total is ${total}; a comparison needs requests in both arms`);
  }
  if (!(bad >= 0 && bad <= total)) {
    throw new RangeError(`${name}.bad is ${bad}; it must lie between 0 and ${name}.total = ${total}`);
  }
}
