import { moreFrequent, type Events } from '../../stats/event-rates.ts';

/** How often containers crashed by themselves, and how long their pods ran. */
export interface CrashRecords {
  canary: Events;
  /** since stable's pods were made, and since the canary was made; absent: no stable pod is known */
  stable?: { life: Events; meanwhile: Events };
}

export type { Events };

/** So many crashes, or more, are to be expected this seldom from pods that crash as often as stable's. */
const UNLIKELY = 0.01;
/** Where as many are to be expected this often, stable's pods crash about as often. */
const USUAL = 0.2;

/** Are so many crashes too unlikely for pods like stable's? */
export const isUnlikely = (records: CrashRecords): boolean => chanceOf(records) < UNLIKELY;

/** Do stable's pods crash as well, and about as often? */
export const isUsual = (records: CrashRecords): boolean =>
  (records.stable?.life.events ?? 0) > 0 && chanceOf(records) > USUAL;

/**
 * The chance of so many crashes if canary pods crashed as often as stable pods did in their lives; or, if some of these
 * crashed since the canary was made, as often as they did then, whichever explains more: what hits both, like a database
 * that is away, is no harm of the new version. Without stable pods nothing explains them.
 */
function chanceOf({ canary, stable }: CrashRecords): number {
  if (stable === undefined) return 0;
  const { life, meanwhile } = stable;
  const records = meanwhile.events > 0 ? [life, meanwhile] : [life];
  return Math.max(...records.map((record) => moreFrequent(canary, record)));
}
