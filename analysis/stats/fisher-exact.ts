import type { Alternative, ArmCounts, TestResult } from './comparison.ts';
import { checkCounts } from './comparison.ts';
import type { Urn } from './special/hypergeometric.ts';
import { logLowerTail, logProbability, logUpperTail, support } from './special/hypergeometric.ts';
import { logAdd } from './logspace.ts';

/** Tables whose probabilities differ by less than rounding count as equally likely. */
const SAME = Math.log1p(1e-7);

/**
 * Fisher's exact test; `statistic` is the log odds ratio of the sample (±Infinity where a cell is empty, 0 where nothing
 * can be said).
 *
 * Purpose: is the canary's error rate other than stable's, where errors are few. Conservative.
 * Reference: Fisher 1935; two-sided by the method of small probabilities (Agresti, Categorical Data Analysis, §3.5.3).
 * Cost: about ten standard deviations of the hypergeometric distribution. Fixed horizon: not safe to peek.
 *
 * Whole counts only. Throws a RangeError for an arm without requests or impossible counts.
 */
export function fisherExact(canary: ArmCounts, stable: ArmCounts, alternative: Alternative): TestResult {
  for (const [name, arm] of [['canary', canary] as const, ['stable', stable] as const]) {
    checkCounts(name, arm);
    for (const part of ['bad', 'total'] as const) {
      if (Number.isSafeInteger(arm[part])) continue;
      throw new RangeError(`${name}.${part} is ${arm[part]}; Fisher's test needs whole counts`);
    }
  }
  const urn: Urn = {
    draws: canary.total,
    good: canary.bad + stable.bad,
    population: canary.total + stable.total,
  };
  const logP = Math.min(0, tail(canary.bad, urn, alternative));
  return { statistic: logOddsRatio(canary, stable), p: Math.exp(logP), logP };
}

function tail(k: number, urn: Urn, alternative: Alternative): number {
  if (alternative === 'greater') return logUpperTail(k, urn);
  if (alternative === 'less') return logLowerTail(k, urn);
  const limit = logProbability(k, urn) + SAME;
  const mode = Math.floor(((urn.draws + 1) / (urn.population + 2)) * (urn.good + 1));
  const { least, most } = support(urn);
  const below = lastUnlikely(least - 1, mode, (i) => logProbability(i, urn) <= limit);
  const above = lastUnlikely(most + 1, mode, (i) => logProbability(i, urn) <= limit);
  if (below === undefined || above === undefined || below >= above) return 0;
  return logAdd(logLowerTail(below, urn), logUpperTail(above, urn));
}

/**
 * The value nearest to the mode that is still unlikely, coming from `outside` (which no table has), along which probabilities
 * rise; `undefined` if even the mode is.
 */
function lastUnlikely(outside: number, mode: number, unlikely: (k: number) => boolean): number | undefined {
  if (unlikely(mode)) return undefined;
  let [from, to] = [outside, mode];
  while (Math.abs(to - from) > 1) {
    const middle = Math.floor((from + to) / 2);
    if (unlikely(middle)) from = middle;
    else to = middle;
  }
  return from;
}

function logOddsRatio(canary: ArmCounts, stable: ArmCounts): number {
  const up = Math.log(canary.bad) + Math.log(stable.total - stable.bad);
  const down = Math.log(stable.bad) + Math.log(canary.total - canary.bad);
  return up === down ? 0 : up - down;
}
