/** Numbers about a running comparison that several kinds of metric share. */

/** JSON knows no Infinity: what is unknown or not finite is left out, what is huge is shortened. */
export function finiteNumbers(numbers: Readonly<Record<string, number | undefined>>): Record<string, number> {
  const kept: Record<string, number> = {};
  for (const [name, value] of Object.entries(numbers)) {
    if (value === undefined || Number.isNaN(value)) continue;
    kept[name] = sixDigits(Math.min(1e12, Math.max(-1e12, value)));
  }
  return kept;
}

/** Counts are mostly whole and short already, and writing a number out to shorten it takes long. */
function sixDigits(value: number): number {
  return Number.isInteger(value) && Math.abs(value) < 1e6 ? value : Number(value.toPrecision(6));
}
