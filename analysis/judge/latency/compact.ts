import { fourDecimals } from '../../stats/rounding.ts';
import type { Comparison } from '../core/comparison.ts';

/**
 * A latency metric holds a comparison for each quantile, and each has five levels of φ. With fewer digits they all fit in
 * the status of a release.
 */
export function compact<T extends Comparison>(data: T): T {
  return {
    ...data,
    calibration: compactCalibration(data.calibration),
    residuals: allOf(data.residuals, sum),
    harm: data.harm.map(harmWealth),
    safe: data.safe.map(safeWealth),
    scaled: data.scaled.map(safeWealth),
    total: allOf(data.total, sum),
    step: allOf(data.step, sum),
  };
}

/**
 * Wealth below e^−20 is put back to that, and evidence of safety above e^20 as well. The former gives each window less than
 * a hundred-millionth, where a verdict needs 10 or 20, and lets evidence return after a time when all spoke against it; the
 * latter only takes evidence away.
 */
const FARTHEST = 20;

function harmWealth(logs: readonly number[]): number[] {
  return logs.map((log) => significant(Math.max(-FARTHEST, log)));
}

function safeWealth(logs: readonly number[]): number[] {
  return harmWealth(logs).map((log) => Math.min(FARTHEST, log));
}

/** Five significant digits, and always the whole part: every window is a far larger part of its sum. Never -0. */
function sum(value: number): number {
  return (Math.abs(value) >= 10_000 ? Math.round(value) : significant(value)) + 0;
}

function significant(value: number): number {
  return fourDecimals(Number(value.toPrecision(5)));
}

function compactCalibration(calibration: Comparison['calibration']): Comparison['calibration'] {
  if (calibration.kind !== 'residuals') return calibration;
  const priors = calibration.priors.map(({ ticks, phi }) => ({ ticks, phi: sum(phi) }));
  return { ...calibration, priors };
}

function allOf<R extends object>(record: R, round: (value: number) => number): R {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, typeof value === 'number' ? round(value) : value]),
  ) as R;
}
