/** Numbers about a running comparison that several kinds of metric share. */

/**
 * JSON has no Infinity: unknown numbers are left out, huge and infinite ones are cut to ±1e12, and all are rounded to six
 * digits.
 */
export function finiteNumbers(numbers: Readonly<Record<string, number | undefined>>): Record<string, number> {
  const kept: Record<string, number> = {};
  for (const [name, value] of Object.entries(numbers)) {
    if (value === undefined || Number.isNaN(value)) continue;
    kept[name] = sixDigits(Math.min(1e12, Math.max(-1e12, value)));
  }
  return kept;
}

/** Rounding a number by way of its text is slow, and most counts are whole and short already. */
function sixDigits(value: number): number {
  return Number.isInteger(value) && Math.abs(value) < 1e6 ? value : Number(value.toPrecision(6));
}
