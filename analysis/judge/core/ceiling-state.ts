import type { Tick } from '../../stats/bet.ts';
import { ceilingTick } from '../../stats/ceiling.ts';
import type { HarmWealth } from '../../stats/process.ts';
import { HARM_BETS, logHarm } from '../../stats/process.ts';
import { fourDecimals } from '../../stats/rounding.ts';

/** Running evidence that the canary's own rate is above a ceiling; plain JSON, kept through all steps. */
export interface CeilingData {
  /** windows in which the canary had requests */
  windows: number;
  /** one per level of φ */
  wealth: readonly HarmWealth[];
}

const NOTHING: CeilingData = { windows: 0, wealth: [] };

export interface CeilingSetting {
  ceiling: number;
  /** length of the window */
  seconds: number;
  /** φ of each level, as for the comparison */
  phis: readonly number[];
}

/** The evidence after one more window; it needs no stable requests. */
export function addCeiling(
  before: CeilingData = NOTHING,
  { n1, x1 }: Pick<Tick, 'n1' | 'x1'>,
  { ceiling, seconds, phis }: CeilingSetting,
): CeilingData {
  const known = onLevels(before.wealth, phis.length);
  const wealth = phis.map((phi, i) => ceilingTick(known[i] ?? [], { n1, x1 }, { ceiling, phi }, seconds));
  if (wealth.every((row, i) => row === known[i] || row.length === 0)) return before;
  return { windows: before.windows + 1, wealth: wealth.map((logs) => logs.map(fourDecimals)) };
}

/**
 * Windows without stable requests already count before the levels of φ are known. Once the levels are known, each begins
 * with the least evidence of the old ones: nothing is forgotten, and the evidence stays a supermartingale.
 */
function onLevels(wealth: readonly HarmWealth[], levels: number): readonly HarmWealth[] {
  if (wealth.length === levels || wealth.length === 0) return wealth;
  const [least = []] = wealth.toSorted((a, b) => logHarm(a) - logHarm(b));
  return Array.from({ length: levels }, () => least);
}

/** ln of the evidence at one level of φ; 0 (no evidence) before the first window. */
export function logCeiling({ wealth }: CeilingData = NOTHING, level: number): number {
  return logHarm(wealth[Math.min(level, wealth.length - 1)] ?? []);
}

/** Is this what `addCeiling` stores? */
export function isCeiling(value: unknown): value is CeilingData {
  if (typeof value !== 'object' || value === null) return false;
  const { windows, wealth } = value as Partial<Record<keyof CeilingData, unknown>>;
  return (
    typeof windows === 'number' &&
    Number.isInteger(windows) &&
    windows >= 0 &&
    Array.isArray(wealth) &&
    wealth.every(
      (row) => Array.isArray(row) && row.length === HARM_BETS.g.length + 1 && row.every(Number.isFinite),
    )
  );
}
