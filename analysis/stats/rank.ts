import type { RankRung } from './rank-wealth.ts';
import { HARM_THETAS, SAFE_THETAS } from './rank-wealth.ts';

/**
 * Rank twin: evidence of harm from the rank of the canary pod among the stable pods, minute by minute. It needs no model
 * of bursts: at the margin a canary pod, thinned by the tolerance, is exchangeable with stable pods, and the past ranks
 * of stable pods say what to expect. Ranks are bounded, so a single burst cannot buy a rollback.
 */
const RUNGS = [1, 2, 4, 8];
const WEAK_RUNG = 15;
const FEWEST_BLOCKS = 7;
const FEWEST_PODS = 4;
const FEWEST_ERRORS = 0.5;
const SPREAD = 8;
const MOST_TERMS = 2000;

/** Bad requests of one block for each pod that had requests; `undefined` where it had none. */
export type Blocks = readonly (readonly (number | undefined)[])[];

/** Where `value` stands among `others`: 0 below all, 1 above all, ties half. */
export function midrank(value: number, others: readonly number[]): number {
  let rank = 0;
  for (const other of others) rank += other < value ? 1 : other === value ? 0.5 : 0;
  return rank / others.length;
}

/**
 * Expected rank, minus one half, of a canary pod's `bad` requests among the stable pods', if each request is kept with
 * probability `keep`. Averaging over the thinning instead of drawing it only makes the test more cautious.
 */
export function rankScore(bad: number, stable: readonly number[], keep: number): number {
  const n = Math.round(bad);
  if (keep >= 1 || n === 0) return midrank(n, stable) - 0.5;
  const mean = n * keep;
  const sd = Math.sqrt(mean * (1 - keep));
  const low = Math.max(0, Math.floor(mean - SPREAD * sd - 1));
  const high = Math.min(n, Math.ceil(mean + SPREAD * sd + 1));
  const stride = Math.max(1, Math.floor((high - low) / MOST_TERMS));
  // With more terms than this, the binomial is normal in every digit that matters.
  const logMass =
    stride > 1 ? (k: number) => -(((k - mean) / sd) ** 2) / 2 : binomialLogs(n, keep, low, high);
  let weight = 0;
  let sum = 0;
  for (let k = low; k <= high; k += stride) {
    const mass = Math.exp(logMass(k));
    weight += mass;
    sum += mass * midrank(k, stable);
  }
  return sum / weight - 0.5;
}

/** ln of the binomial probabilities from `low` to `high`, relative to the largest. */
function binomialLogs(n: number, keep: number, low: number, high: number): (k: number) => number {
  const odds = Math.log(keep) - Math.log1p(-keep);
  const logs = [0];
  for (let k = low; k < high; k++) {
    logs.push((logs.at(-1) ?? 0) + Math.log(n - k) - Math.log(k + 1) + odds);
  }
  const top = Math.max(...logs);
  return (k) => (logs[k - low] ?? -Infinity) - top;
}

/** How the stable pods' own ranks moved in the past, as a charge per block. `undefined`: too few pods, errors or blocks. */
export function calibrateRanks(history: Blocks, strong: boolean): RankRung[] | undefined {
  const length = Math.max(0, ...history.map((pod) => pod.length));
  const scores = history.map((pod) => pod.map((value, b) => placeboScore(history, value, b)));
  const known = scores.reduce((sum, pod) => sum + pod.filter((score) => score !== undefined).length, 0);
  const bad = history.reduce(
    (sum, pod) => sum + pod.reduce<number>((all, value) => all + (value ?? 0), 0),
    0,
  );
  if (known < FEWEST_PODS * length || length < FEWEST_BLOCKS || bad < FEWEST_ERRORS * known) return undefined;
  const rungs = strong ? RUNGS : [...RUNGS, WEAK_RUNG];
  const usable = rungs.filter((blocks) => blocks === 1 || Math.floor(length / blocks) >= FEWEST_BLOCKS);
  const errors = strong ? 0.5 : 1;
  const highest = { kappa: HARM_THETAS.map(() => 0), safe: SAFE_THETAS.map(() => 0) };
  return usable.map((blocks) => {
    const charge = (theta: number): number => chargeFor(scores, blocks, { theta, errors });
    highest.kappa = HARM_THETAS.map((theta, k) => Math.max(highest.kappa[k] ?? 0, charge(theta)));
    highest.safe = SAFE_THETAS.map((theta, k) => Math.max(highest.safe[k] ?? 0, charge(-theta)));
    return { blocks, ...highest };
  });
}

function placeboScore(history: Blocks, value: number | undefined, block: number): number | undefined {
  if (value === undefined) return undefined;
  const all = history.map((pod) => pod[block]).filter((other) => other !== undefined);
  // The list includes the pod itself, tied with itself.
  return all.length < FEWEST_PODS
    ? undefined
    : (midrank(value, all) * all.length - 0.5) / (all.length - 1) - 0.5;
}

/** κ(θ) = ln(mean + `errors` standard errors of e^(θ Σ score)) per block. */
function chargeFor(
  scores: readonly (readonly (number | undefined)[])[],
  blocks: number,
  { theta, errors }: { theta: number; errors: number },
): number {
  let [count, sum, squares] = [0, 0, 0];
  for (const pod of scores) {
    for (let start = 0; start + blocks <= pod.length; start += blocks) {
      const run = pod.slice(start, start + blocks).filter((score) => score !== undefined);
      if (run.length === 0) continue;
      const value = Math.exp(theta * run.reduce((total, score) => total + score, 0));
      count++;
      sum += value;
      squares += value * value;
    }
  }
  const mean = sum / count;
  const error = Math.sqrt(Math.max(0, squares / count - mean * mean) / count);
  return Math.log(mean + errors * error) / blocks;
}

/**
 * The rung to read after this many blocks: the one with the shortest runs of at least this length, else with the longest
 * runs.
 */
export function rankRungAfter(rungs: readonly RankRung[], blocks: number): number {
  const index = rungs.findIndex((rung) => rung.blocks >= blocks);
  return index === -1 ? rungs.length - 1 : index;
}
