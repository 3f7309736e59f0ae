import type { Verdict } from '../../../api/kinds/release/verdict.ts';
import { REASON } from '../../../api/reasons.ts';
import type { CountTest, Looks } from '../../../api/kinds/template/looks.ts';
import type { Tick } from '../../stats/bet.ts';
import { informs } from '../../stats/bet.ts';
import { fisherExact } from '../../stats/fisher-exact.ts';
import { fourDecimals } from '../../stats/rounding.ts';
import { twoProportionZ } from '../../stats/two-proportion-z.ts';
import type { Schedule } from './looks.ts';
import { elapse, isSchedule, levelPerLook, nextLookText, NOT_BEGUN } from './looks.ts';
import { arms, digits } from './text.ts';

/** A test of counts at planned looks; plain JSON. All counts are of one step: pooling steps leads to Simpson's paradox. */
export interface FixedCounts extends Schedule {
  /** counts of the step, up to the look that decided */
  counts: Tick;
  /** what the newest look found; absent before the first */
  last?: { p: number; level: number };
}

export type FixedTest = Extract<CountTest, Looks>;

const FRESH: FixedCounts = { ...NOT_BEGUN, counts: { n1: 0, x1: 0, n0: 0, x0: 0 } };

export interface FixedSetting {
  test: FixedTest;
  /** length of the window */
  ms: number;
  /** risk.harm of the template, shared by all looks of all `steps` */
  risk: number;
  steps: number;
}

/** The counts after one more window, and what a look found if one was due. After the look that decides nothing changes. */
export function addFixed(before: FixedCounts = FRESH, tick: Tick, setting: FixedSetting): FixedCounts {
  const { test, ms, risk, steps } = setting;
  if (!informs(tick) || isDecided(before, test)) return before;
  const { counts } = before;
  const sum: Tick = {
    n1: fourDecimals(counts.n1 + tick.n1),
    x1: fourDecimals(counts.x1 + tick.x1),
    n0: fourDecimals(counts.n0 + tick.n0),
    x0: fourDecimals(counts.x0 + tick.x0),
  };
  const after = { ...elapse(before, test, ms), counts: sum };
  if (after.taken === before.taken) return after;
  return { ...after, last: { p: pValue(sum, test), level: levelPerLook(risk, test, steps) } };
}

/** One-sided: is the canary's rate the higher one? Fisher's test needs whole requests. */
function pValue({ n1, x1, n0, x0 }: Tick, { method }: FixedTest): number {
  // Less than a ten-thousandth of a request counts as no request.
  if (n1 === 0 || n0 === 0) return 1;
  if (method === 'twoProportionZ') {
    return twoProportionZ({ bad: x1, total: n1 }, { bad: x0, total: n0 }, 'greater').p;
  }
  const [canary, stable] = [whole(x1, n1), whole(x0, n0)];
  return canary.total === 0 || stable.total === 0 ? 1 : fisherExact(canary, stable, 'greater').p;
}

function whole(bad: number, total: number): { bad: number; total: number } {
  const all = Math.round(total);
  return { bad: Math.min(all, Math.round(bad)), total: all };
}

export function hasFailed({ last }: FixedCounts): boolean {
  return last !== undefined && last.p < last.level;
}

function isDecided(data: FixedCounts, { looks }: FixedTest): boolean {
  return hasFailed(data) || data.taken >= looks;
}

const NAMES = { twoProportionZ: 'two-proportion z-test', fisher: "Fisher's exact test" } as const;

/** What the looks taken so far say; a pass only after the last of them. */
export function fixedVerdict(data: FixedCounts = FRESH, test: FixedTest): Verdict {
  const { counts, last, taken } = data;
  const { looks } = test;
  const numbers = {
    look: taken,
    looks,
    ...(last === undefined ? {} : { p: last.p, level: last.level }),
  };
  const rates = `${arms(counts)} in this step`;
  const found =
    last === undefined
      ? ''
      : `${NAMES[test.method]} p ${digits(last.p)} against ${digits(last.level)} at look ${taken} of ${looks}`;
  if (hasFailed(data)) {
    const sentence = `${rates}: harm detected (${found})`;
    return { result: 'fail', reason: REASON.HarmDetected, sentence, numbers };
  }
  if (taken >= looks) {
    const sentence = `${rates}: no harm detected (${found}), which is absence of evidence, not proof of safety`;
    return { result: 'pass', reason: REASON.NoHarmDetected, sentence, numbers };
  }
  const so = last === undefined ? '' : `no harm so far (${found}); `;
  const sentence = `${rates}: ${so}${nextLookText(data, test)}; not safe to peek before`;
  return { result: 'inconclusive', reason: REASON.MoreDataNeeded, sentence, numbers };
}

/** Is this what `addFixed` stores? */
export function isFixedCounts(value: unknown): value is FixedCounts {
  if (typeof value !== 'object' || value === null || !isSchedule(value)) return false;
  const { counts, last } = value as Partial<Record<keyof FixedCounts, unknown>>;
  return (
    isNumbers(counts, ['n1', 'x1', 'n0', 'x0']) && (last === undefined || isNumbers(last, ['p', 'level']))
  );
}

function isNumbers(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => {
    const number = (value as Record<string, unknown>)[name];
    return typeof number === 'number' && Number.isFinite(number) && number >= 0;
  });
}
