import { HARM_THETAS, RANK_WEALTH_LENGTH, SAFE_THETAS } from '../../stats/rank-wealth.ts';
import type { RankData } from './rank-state.ts';

/** Is this a rank twin, as stored? */
export function isRankData(value: unknown): value is RankData {
  if (typeof value !== 'object' || value === null) return false;
  const data = value as Record<keyof RankData, unknown>;
  if (!isList(data.rungs, isRung) || data.rungs.length === 0) return false;
  const rows = data.rungs.length;
  return (
    [data.weight, data.rate, data.thinned].every((share) => isNumber(share) && share > 0 && share <= 1) &&
    typeof data.seed === 'string' &&
    [data.blocks, data.safeBlocks].every(isNumber) &&
    isRowsOf(data.wealth, rows, RANK_WEALTH_LENGTH) &&
    isRowsOf(data.safe, rows, SAFE_THETAS.length) &&
    isRowsOf(data.scaled, rows, SAFE_THETAS.length) &&
    isRecordOf(data.suspicion, (sums) => isRow(sums, HARM_THETAS.length)) &&
    isPartial(data.partial)
  );
}

function isList(value: unknown, item: (one: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && value.every(item);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

const isRow = (value: unknown, length: number): boolean => isList(value, isNumber) && value.length === length;

function isRung(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { blocks, kappa, safe } = value as Record<string, unknown>;
  return isNumber(blocks) && isRow(kappa, HARM_THETAS.length) && isRow(safe, SAFE_THETAS.length);
}

/** `rows` rows that are empty or have this length. */
function isRowsOf(value: unknown, rows: number, length: number): boolean {
  return isList(value, (row) => isRow(row, 0) || isRow(row, length)) && value.length === rows;
}

function isPartial(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { seconds, safe } = value as Record<string, unknown>;
  return isNumber(seconds) && isBad(value) && (safe === undefined || isBad(safe));
}

function isBad(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { canary, stable } = value as Record<string, unknown>;
  return [canary, stable].every((counts) => isRecordOf(counts, isNumber));
}

function isRecordOf(value: unknown, item: (one: unknown) => boolean): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(item);
}
