import type { LateSetting } from './late.ts';
import { lateSetting } from './late.ts';
import type { Game, PodHistory, Table } from './placebo-table.ts';
import { gameOf, looksPoisson, tabulate } from './placebo-table.ts';
import { logWealths, pays } from './placebo-wealth.ts';
import type { Bets } from './process.ts';
import { HARM_BETS, SAFE_BETS } from './process.ts';

/**
 * How bursty single stable pods were in the last hours: each plays the canary against the others ("placebo"). Incidents
 * that hit all pods cancel out. The dispersion chosen is the one at which no placebo would have made money, separately
 * for the bets of both tests and for blocks of growing length, because slow bursts show only in long blocks.
 */

export interface Rung {
  /** length of the blocks, in windows: this rung is read while no more windows than this have passed */
  ticks: number;
  /** dispersion of a single pod for the harm test and for the safe test, ≥ 1; never less than on the rung before */
  phi: number;
  safePhi: number;
}

export interface PlaceboCalibration {
  /** the counts of the pods vary as independent requests do */
  poisson: boolean;
  /** many pods and a long history: the test for that can be trusted */
  strong: boolean;
  /** pods enough to say how much they differ */
  many: boolean;
  /** there are few pods, and they vary or differ too much to tell a bad minute of a pod from a bad version */
  unknown?: true;
  rungs: Rung[];
  /** for harm that begins late */
  late: LateSetting;
}

const FEWEST_PODS = 2;
/** From this many pods on they say how much pods differ from each other. */
const MANY_PODS = 4;
/** Fewer pods whose errors vary more than this cannot say what a burst of a canary pod looks like. */
const MOST_PHI = 32;
/** A shorter history of fewer pods may hold no burst by chance. */
const FEW_PODS_HOURS = 5;
/** two pods differ more than by chance (the 90% point of χ² with one degree of freedom) */
const UNLIKE = 2.7;
const FEWEST_BLOCKS = 7;
const LONGEST_BLOCK_SECONDS = 8 * 60;
const WEAK_BLOCK_SECONDS = 15 * 60;
/** hours of single pods from which the Poisson test is trusted */
const STRONG_HOURS = 10;
const GRID_STEP = 1.13;
const GRID_END = 300;

/** `undefined`: too few pods or windows to say anything. */
export function calibrateFromPods(
  pods: readonly PodHistory[],
  tickSeconds: number,
): PlaceboCalibration | undefined {
  const windows = Math.max(0, ...pods.map(({ n }) => n.length));
  const podWindows = pods.reduce((sum, { n }) => sum + n.filter((requests) => requests > 0).length, 0);
  // Many pods that are idle most of the time are not few pods.
  const served = pods.filter(({ n }) => n.some((requests) => requests > 0)).length;
  const fewest = served < MANY_PODS ? FEWEST_PODS : MANY_PODS;
  if (windows < FEWEST_BLOCKS || podWindows < fewest * windows) return undefined;
  const hours = (podWindows * tickSeconds) / 3600;
  const strong = hours >= STRONG_HOURS;
  const ladder = ladderOf(windows, tickSeconds, strong);
  const table = tabulate(pods, windows);
  const poisson = strong && ladder.every((ticks) => looksPoisson(table, ticks));
  const game = gameOf(table);
  const rungs = poisson ? ladder.map((ticks) => ({ ticks, phi: 1, safePhi: 1 })) : placeboRungs(game, ladder);
  const many = served >= MANY_PODS;
  const late = lateSetting(game, { phi: rungs[0]?.phi ?? 1, poisson, strong, hours });
  const phi = rungs.at(-1)?.phi ?? 1;
  const unknown = !many && (hours < FEW_PODS_HOURS || phi > MOST_PHI || differs(table, phi));
  return { poisson, strong, many, ...(unknown ? { unknown } : {}), rungs, late };
}

/**
 * The rung to read after this many windows: the one with the shortest blocks of at least this length, else with the
 * longest blocks.
 */
export function rungAfter(rungs: readonly { ticks: number }[], windows: number): number {
  const index = rungs.findIndex(({ ticks }) => ticks >= windows);
  return index === -1 ? rungs.length - 1 : index;
}

function ladderOf(windows: number, tickSeconds: number, strong: boolean): number[] {
  const ladder: number[] = [];
  for (let ticks = 1; ticks === 1 || ticks * tickSeconds <= LONGEST_BLOCK_SECONDS; ticks *= 2) {
    if (Math.floor(windows / ticks) >= FEWEST_BLOCKS) ladder.push(ticks);
  }
  const weak = Math.round(WEAK_BLOCK_SECONDS / tickSeconds);
  if (!strong && weak > (ladder.at(-1) ?? 0) && Math.floor(windows / weak) >= FEWEST_BLOCKS)
    ladder.push(weak);
  return ladder;
}

/** Do the pods differ over the whole history by more than their dispersion allows? */
function differs(table: Table, phi: number): boolean {
  let [square, variance] = [0, 0];
  for (const pod of table) {
    const served = pod.filter((cell) => cell !== undefined);
    square += served.reduce((sum, cell) => sum + cell.residual, 0) ** 2;
    variance += served.reduce((sum, cell) => sum + cell.variance, 0);
  }
  return square > UNLIKE * phi * variance;
}

function placeboRungs(game: Game, ladder: readonly number[]): Rung[] {
  const harm = placeboPhis(game, ladder, HARM_BETS);
  const safe = placeboPhis(game, ladder, SAFE_BETS);
  return ladder.map((ticks, i) => ({ ticks, phi: harm[i] ?? 1, safePhi: safe[i] ?? 1 }));
}

/** For each rung the smallest φ of the grid at which no bet on a placebo pays; never smaller than on the rung before. */
function placeboPhis(game: Game, ladder: readonly number[], { g }: Bets): number[] {
  const phis = new Array<number>(ladder.length).fill(GRID_END);
  let open = ladder.map((_, i) => i);
  let order = [...g];
  for (let phi = 1; phi < GRID_END && open.length > 0; phi *= GRID_STEP) {
    const paying = new Set<number>();
    for (const bet of order) {
      // One bet that pays is enough for a rung, and it is usually the one that paid at the φ before.
      if (paying.size === open.length) break;
      const logs = logWealths(game, phi, bet);
      const found = open.filter((i) => !paying.has(i) && pays(logs, ladder[i] ?? 1));
      for (const i of found) paying.add(i);
      if (found.length > 0) order = [bet, ...order.filter((each) => each !== bet)];
    }
    for (const i of open) if (!paying.has(i)) phis[i] = phi;
    open = open.filter((i) => paying.has(i));
  }
  let highest = 1;
  return phis.map((phi) => (highest = Math.max(highest, phi)));
}
