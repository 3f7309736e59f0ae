import { NO_RESIDUALS } from '../../stats/dispersion.ts';
import { LATE_BETS } from '../../stats/late.ts';
import { HARM_BETS, SAFE_BETS } from '../../stats/process.ts';
import { isCalibration, levelCount } from './calibration.ts';
import { CARRIED_LENGTH } from './carried.ts';
import type { Comparison } from './comparison.ts';
import { NO_COUNTS } from './comparison.ts';
import { isRankData } from './rank-stored.ts';

/** Is this a whole comparison, as stored? */
export function isComparison(value: unknown): value is Comparison {
  if (typeof value !== 'object' || value === null) return false;
  const data = value as Partial<Record<keyof Comparison, unknown>>;
  if (!isCalibration(data.calibration)) return false;
  return (
    [data.rho, data.windows, data.safeWindows, data.stepSeconds].every(isAmount) &&
    typeof data.concurs === 'boolean' &&
    (data.rank === undefined || isRankData(data.rank)) &&
    isRecordOf(data.residuals, NO_RESIDUALS) &&
    isRecordOf(data.total, NO_COUNTS) &&
    isRecordOf(data.step, NO_COUNTS) &&
    areWealths(data, levelCount(data.calibration))
  );
}

/** What grows with every window. */
function areWealths(
  { carried, harm, late, safe, scaled }: Partial<Record<keyof Comparison, unknown>>,
  levels: number,
): boolean {
  const counts = [0, levels];
  return (
    (isRows([carried], 0) || isRows([carried], CARRIED_LENGTH)) &&
    (isRows([late], 0) || isRows([late], LATE_BETS)) &&
    isRows(harm, HARM_BETS.g.length + 1, counts) &&
    isRows(safe, SAFE_BETS.g.length, counts) &&
    isRows(scaled, SAFE_BETS.g.length, counts)
  );
}

/** A finite number that is not negative. */
export function isAmount(value: unknown): value is number {
  return isNumber(value) && value >= 0;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

export function isRecordOf(value: unknown, model: object): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(model).every((key) => isNumber((value as Record<string, unknown>)[key]));
}

/** Is it a list of rows with `length` numbers each? If `counts` is given, the number of rows has to be one of these. */
export function isRows(value: unknown, length: number, counts?: readonly number[]): boolean {
  if (!Array.isArray(value) || (counts !== undefined && !counts.includes(value.length))) return false;
  return value.every((row) => Array.isArray(row) && row.length === length && row.every(isNumber));
}
