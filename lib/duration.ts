/** Durations as Go writes them ("1h30m", "2m", "15s", "500ms"), to and from whole milliseconds. */
const UNIT_MS = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
type Unit = keyof typeof UNIT_MS;

const DURATION = /^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|h|m|s))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|h|m|s)/g;

/** About 31 years: anything longer is a mistake, and sums of a few such values stay exact integers. */
export const MAX_DURATION_MS = 1e12;

/**
 * Milliseconds of "1h30m"; "0" alone needs no unit. `undefined` if the text is not a duration, is negative, is finer than
 * a millisecond or is longer than MAX_DURATION_MS.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (text.length > 64 || !DURATION.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(PART)) ms += Number(amount) * UNIT_MS[unit as Unit];
  const whole = Math.round(ms);
  return Math.abs(ms - whole) < 1e-6 && whole <= MAX_DURATION_MS ? whole : undefined;
}

/** The shortest Go form of whole, non-negative milliseconds: 90000 → "1m30s", 0 → "0s". */
export function formatDuration(ms: number): string {
  let rest = ms;
  let text = '';
  for (const unit of ['h', 'm', 's', 'ms'] as const) {
    const amount = Math.floor(rest / UNIT_MS[unit]);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * UNIT_MS[unit];
  }
  return text === '' ? '0s' : text;
}
