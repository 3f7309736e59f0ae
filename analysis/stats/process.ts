import type { Margin, Tick } from './bet.ts';
import { informs, logE } from './bet.ts';
import { logAdd, logSumExp } from './logspace.ts';

/**
 * The running evidence of the two sequential tests, as mixtures over several bets. Evidence is a wealth that grows only
 * if its null hypothesis is false: P(it ever reaches 1/α) ≤ α, over any number of looks, steps and weights.
 */
export interface Bets {
  g: readonly number[];
  w: readonly number[];
  logW: readonly number[];
}

function betsOn(g: readonly number[], w: readonly number[]): Bets {
  return { g, w, logW: w.map(Math.log) };
}

/** Small bets have most weight on purpose: one window is enough to find big effects. */
export const HARM_BETS: Bets = betsOn([1.3, 1.6, 2.1, 4, 15], [0.1, 0.35, 0.33, 0.15, 0.07]);
export const SAFE_BETS: Bets = betsOn([0.03, 0.15, 0.35, 0.5, 0.65, 0.8], [0.1, 0.1, 0.2, 0.25, 0.25, 0.1]);

const FIRST_INVESTMENT = 0.9;
/** The reserve is invested at this pace, so that money is left to find a defect that starts late. */
const RESTART_SECONDS = 3600;

/** Wealth of the harm test: [ln cash, ln stake of each bet…]; empty before the first window. */
export type HarmWealth = readonly number[];
/** Wealth of the safe test: [ln product of each bet…]; empty before the first window. */
export type SafeWealth = readonly number[];

export interface Setting {
  margin: Margin;
  /** variance / mean of the counts, ≥ 1 */
  phi: number;
}

/** ln of what the harm bet on `g` times the usual margin earns in one window. */
export type Earned = (g: number) => number;

/** Bets nearer to the margin than this are not worth their loss if it is not exceeded. */
const LEAST_BET = 1.05;

/**
 * What a window earns whose harm margin is wider than usual by `wider` (relative): each bet stays on the same ratio of
 * rates, and rests while that lies inside the wider margin.
 */
export function earnedIn(tick: Tick, { margin, phi }: Setting, wider = 0): Earned {
  const wide = { ...margin, relative: margin.relative + wider };
  const scale = (1 + margin.relative) / (1 + wide.relative);
  return (g) => (g * scale < LEAST_BET ? 0 : logE(tick, wide, g * scale, phi));
}

/** Harm evidence after one more window of `seconds`; a window without requests in either arm changes nothing. */
export function harmTick(
  wealth: HarmWealth,
  tick: Tick,
  setting: Setting & { wider?: number },
  seconds: number,
): HarmWealth {
  if (!informs(tick)) return wealth;
  return reinvest(wealth, seconds, earnedIn(tick, setting, setting.wider));
}

/** The stakes grow by what the window earned for each bet (ln), after a part of the reserve was split among them. */
export function reinvest(wealth: HarmWealth, seconds: number, earned: Earned): HarmWealth {
  const logCash = wealth[0] ?? 0;
  const share =
    wealth.length === 0 ? FIRST_INVESTMENT : Math.min(0.5, Math.max(1e-9, seconds / RESTART_SECONDS));
  const invested = logCash + Math.log(share);
  const next = [logCash + Math.log1p(-share)];
  HARM_BETS.g.forEach((g, k) => {
    const stake = wealth[k + 1];
    const before = stake === undefined ? invested : logAdd(stake, invested);
    next.push(before + earned(g));
  });
  return next;
}

/** ln E_harm; 0 (no evidence) before the first window. */
export function logHarm(wealth: HarmWealth): number {
  const [logCash, ...stakes] = wealth;
  if (logCash === undefined) return 0;
  return logAdd(logCash, mixture(stakes, HARM_BETS));
}

/** Safe evidence after one more window; there is no reserve for later, because the safe test starts again at each step. */
export function safeTick(wealth: SafeWealth, tick: Tick, setting: Setting): SafeWealth {
  if (!informs(tick)) return wealth;
  return SAFE_BETS.g.map((g, k) => (wealth[k] ?? 0) + logE(tick, setting.margin, g, setting.phi));
}

/** ln E_safe; 0 (no evidence) before the first window. */
export function logSafe(wealth: SafeWealth): number {
  return wealth.length === 0 ? 0 : mixture(wealth, SAFE_BETS);
}

/** ln Σ w_k e^(log_k). */
export function mixture(logs: readonly number[], { logW }: Bets): number {
  return logSumExp(logs.map((value, k) => value + (logW[k] ?? -Infinity)));
}
