import { logAdd, logSumExp } from './logspace.ts';
import type { Game } from './placebo-table.ts';
import { logWealths } from './placebo-wealth.ts';

/**
 * Evidence of harm that begins late: an e-detector (Shin, Ramdas, Rinaldo 2023), which invests 1 anew before every window,
 * on large effects only. Unlike the evidence from the start it is sure to be wrong some day: a healthy canary reaches the
 * bar B after at least B windows on average. So its bar is above all that any placebo reached in the whole history.
 */
const BETS = { g: [2.6, 5, 15], logW: [0.5, 0.3, 0.2].map(Math.log) };
export const LATE_BETS = BETS.g.length;

export interface LateSetting {
  /** dispersion of a single pod in the shortest blocks; what longer blocks add is in the bar */
  phi: number;
  /** ln of the bar */
  bar: number;
}

/** ln of the stake on each bet; empty before the first window. */
export type LateWealth = readonly number[];

/** `earned`: ln of what a bet earned in one more window. */
export function lateTick(wealth: LateWealth, earned: (g: number) => number): LateWealth {
  return BETS.g.map((g, k) => logAdd(wealth[k] ?? -Infinity, 0) + earned(g));
}

/** ln of the evidence; -Infinity before the first window. */
export function logLate(wealth: LateWealth): number {
  return logSumExp(wealth.map((stake, k) => stake + (BETS.logW[k] ?? 0)));
}

/** How far the bar lies above the best placebo (ln): its evidence exceeds e^c times any B about as rarely as B/e^c. */
const ABOVE = 1.2;
/** hours of single pods from which placebos say enough about an hour of a canary */
const ENOUGH_HOURS = 19;

/** ln of how many times too short the history of all pods together is; 0: it is long enough. */
export const tooShort = (hours: number): number => Math.max(0, Math.log(ENOUGH_HOURS / hours));

/** Bursts that no placebo had by chance are larger by a factor, not by a sum. */
const BURSTY = 1.5;
/** the same where the history is too weak to trust */
const WEAK = 2;

/** The bar above what the placebos reached; `hours`: how long all of them together were watched. */
export function lateSetting(
  game: Game,
  { phi, poisson, strong, hours }: { phi: number; poisson: boolean; strong: boolean; hours: number },
): LateSetting {
  const wealth = BETS.g.map((g) => logWealths(game, phi, g));
  const highest = Math.max(
    0,
    ...game.pods.map((_, pod) => highestOf(wealth.map((logs) => logs[pod] ?? NONE))),
  );
  const bursts = strong ? BURSTY : WEAK;
  return { phi, bar: highest * (poisson ? 1 : bursts) + ABOVE + tooShort(hours) };
}

const NONE = new Float64Array(0);

/** The most that one placebo reached; `logs`: ln of what each bet earned, window by window, NaN without requests. */
function highestOf(logs: readonly Float64Array[]): number {
  let highest = 0;
  let wealth: LateWealth = [];
  for (let t = 0; t < (logs[0]?.length ?? 0); t++) {
    const earned = logs.map((each) => each[t] ?? NaN);
    if (earned.some(Number.isNaN)) continue;
    wealth = earned.map((log, k) => logAdd(wealth[k] ?? -Infinity, 0) + log);
    highest = Math.max(highest, logLate(wealth));
  }
  return highest;
}
