import { logAdd, logSumExp } from './logspace.ts';

/** What bets on the ranks of canary pods earn, block by block. The charges are learnt in rank.ts. */
export const HARM_THETAS = [1, 2, 4, 8, 16];
const HARM_LOG_WEIGHTS = [0.15, 0.25, 0.3, 0.2, 0.1].map(Math.log);
export const SAFE_THETAS = [1, 2, 4, 8];
const SAFE_LOG_WEIGHTS = [0.2, 0.35, 0.3, 0.15].map(Math.log);
const FIRST_INVESTMENT = 0.9;
/** blocks of a minute: the reserve is spread over an hour */
const RESTART_SHARE = 1 / 60;

/** Charge per block for each θ of both tests, for runs of that many blocks. */
export interface RankRung {
  blocks: number;
  kappa: number[];
  safe: number[];
}

/** [ln cash, ln stake per θ…] of one rung; empty before the first block. */
export type RankWealth = readonly number[];

/** Evidence of harm after one more block in which the canary pods scored `scores`. */
export function rankBlock(wealth: RankWealth, scores: readonly number[], { kappa }: RankRung): RankWealth {
  const logCash = wealth[0] ?? 0;
  const share = wealth.length === 0 ? FIRST_INVESTMENT : RESTART_SHARE;
  const invested = logCash + Math.log(share);
  const total = sum(scores);
  const stakes = HARM_THETAS.map(
    (theta, k) =>
      logAdd(wealth[k + 1] ?? -Infinity, invested) + theta * total - scores.length * (kappa[k] ?? 0),
  );
  return [logCash + Math.log1p(-share), ...stakes];
}

export const RANK_WEALTH_LENGTH = HARM_THETAS.length + 1;

/** ln E_rank of one rung; 0 before the first block. */
export function logRank(wealth: RankWealth): number {
  const [logCash, ...stakes] = wealth;
  if (logCash === undefined) return 0;
  return logAdd(logCash, weighted(stakes, HARM_LOG_WEIGHTS));
}

/** [ln stake per θ…] of one rung; empty before the first block. It has no reserve, because it starts again in each step. */
export type SafeRankWealth = readonly number[];

/** Evidence of safety: it grows if the canary pods, thinned to the safe margin, rank below stable pods. */
export function safeRankBlock(
  wealth: SafeRankWealth,
  scores: readonly number[],
  { safe }: RankRung,
): SafeRankWealth {
  const total = sum(scores);
  return SAFE_THETAS.map((theta, k) => (wealth[k] ?? 0) - theta * total - scores.length * (safe[k] ?? 0));
}

export function logSafeRank(wealth: SafeRankWealth): number {
  return wealth.length === 0 ? 0 : weighted(wealth, SAFE_LOG_WEIGHTS);
}

/**
 * A sum per θ that begins again at 0 whenever it falls below (CUSUM, Page 1954): how much the latest blocks speak against a
 * pod, whatever was before. It is no evidence of its own, and only opens a veto.
 */
export type Suspicion = readonly number[];

export function suspect(before: Suspicion, scores: readonly number[], { kappa }: RankRung): Suspicion {
  const total = sum(scores);
  return HARM_THETAS.map(
    (theta, k) => Math.max(0, before[k] ?? 0) + theta * total - scores.length * (kappa[k] ?? 0),
  );
}

export const logSuspicion = (suspicion: Suspicion): number =>
  suspicion.length === 0 ? 0 : weighted(suspicion, HARM_LOG_WEIGHTS);

const weighted = (logs: readonly number[], logWeights: readonly number[]): number =>
  logSumExp(logs.map((log, k) => log + (logWeights[k] ?? -Infinity)));

const sum = (scores: readonly number[]): number => scores.reduce((total, score) => total + score, 0);
