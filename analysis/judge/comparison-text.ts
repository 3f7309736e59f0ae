import { count } from './text.ts';

/** Words and numbers about a running comparison that several kinds of metric share. */

export function neededText(needed: number | undefined): string {
  if (needed === undefined) return 'at these rates more requests alone will not prove it safe';
  return needed < 10
    ? 'a few more canary requests needed'
    : `≈${count(roundUp(needed))} more canary requests needed`;
}

/** Two significant digits: the forecast is no better than that. */
function roundUp(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.ceil(value / unit) * unit;
}

/** JSON knows no Infinity: what is unknown or not finite is left out, what is huge is shortened. */
export function finiteNumbers(numbers: Readonly<Record<string, number | undefined>>): Record<string, number> {
  const kept: Record<string, number> = {};
  for (const [name, value] of Object.entries(numbers)) {
    if (value === undefined || Number.isNaN(value)) continue;
    kept[name] = value > 1e12 ? 1e12 : sixDigits(value);
  }
  return kept;
}

/** Counts are mostly whole and short already, and writing a number out to shorten it takes long. */
function sixDigits(value: number): number {
  return Number.isInteger(value) && Math.abs(value) < 1e6 ? value : Number(value.toPrecision(6));
}
