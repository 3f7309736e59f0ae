import type { Tick } from '../../stats/bet.ts';
import { informs } from '../../stats/bet.ts';
import { fourDecimals } from '../../stats/rounding.ts';

/** What both tests count in a window. */
export interface Both {
  /** the requests are the same; what is bad may differ */
  harm: Tick;
  safe: Tick;
  seconds: number;
}

/**
 * Windows of a quiet service in which one arm had no request: they are counted with the next window in which it has.
 * [] or [seconds, canary requests, stable requests, then bad ones of canary and stable for the harm test and for the safe
 * test]. Plain JSON.
 */
export type Carried = readonly number[];

export const CARRIED_LENGTH = 7;

/** Rates of a longer time ago say nothing about the arm that was idle since. */
const LONGEST_SECONDS = 15 * 60;

/** The window with those before it that wait for it. */
export function joined(carried: Carried, window: Both): Both {
  const [seconds = 0, n1 = 0, n0 = 0, x1 = 0, x0 = 0, safeX1 = 0, safeX0 = 0] = carried;
  if (seconds === 0 || seconds + window.seconds > LONGEST_SECONDS) return window;
  return {
    harm: sum(window.harm, { n1, x1, n0, x0 }),
    safe: sum(window.safe, { n1, x1: safeX1, n0, x0: safeX0 }),
    seconds: seconds + window.seconds,
  };
}

/** What waits after this window (already joined): nothing if both arms had requests, or neither had. */
export function carriedAfter({ harm, safe, seconds }: Both): Carried {
  if (informs(harm) || harm.n1 + harm.n0 === 0) return [];
  return [seconds, harm.n1, harm.n0, harm.x1, harm.x0, safe.x1, safe.x0].map(fourDecimals);
}

const sum = (a: Tick, b: Tick): Tick => ({
  n1: a.n1 + b.n1,
  x1: a.x1 + b.x1,
  n0: a.n0 + b.n0,
  x0: a.x0 + b.x0,
});
