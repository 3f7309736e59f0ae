import { bet } from './bet.ts';
import { HARM_BETS } from './process.ts';

/**
 * How bursty single stable pods were in the last hours: each plays the canary against the others ("placebo"). Incidents
 * that hit all pods cancel out. The dispersion chosen is the one at which no placebo would have made money, separately
 * for blocks of growing length, because slow bursts show only in long blocks.
 */

/**
 * Counts of one stable pod, window by window, oldest first: all lists have the same length, with 0 requests where the pod
 * did not serve.
 */
export interface PodHistory {
  n: readonly number[];
  x: readonly number[];
}

export interface Rung {
  /** length of the blocks, in windows: this rung is read while no more windows than this have passed */
  ticks: number;
  /** dispersion of a single pod, ≥ 1; never less than on the rung before */
  phi: number;
}

export interface PlaceboCalibration {
  /** the counts of the pods vary as independent requests do */
  poisson: boolean;
  /** many pods and a long history: the test for that can be trusted */
  strong: boolean;
  rungs: Rung[];
}

export const FEWEST_PODS = 4;
const FEWEST_BLOCKS = 7;
const LONGEST_BLOCK_SECONDS = 8 * 60;
const WEAK_BLOCK_SECONDS = 15 * 60;
/** pods × minutes of history from which on the Poisson test is trusted */
const STRONG_POD_MINUTES = 600;
const GRID_STEP = 1.13;
const GRID_END = 300;
const SAFETY_SE = 0.25;

/** `undefined`: too few pods or windows to say anything. */
export function calibrateFromPods(
  pods: readonly PodHistory[],
  tickSeconds: number,
): PlaceboCalibration | undefined {
  const windows = Math.max(0, ...pods.map(({ n }) => n.length));
  const podWindows = pods.reduce((sum, { n }) => sum + n.filter((requests) => requests > 0).length, 0);
  if (windows < FEWEST_BLOCKS || podWindows < FEWEST_PODS * windows) return undefined;
  const strong = (podWindows * tickSeconds) / 60 >= STRONG_POD_MINUTES;
  const ladder = ladderOf(windows, tickSeconds, strong);
  const table = tabulate(pods, windows);
  const poisson = strong && ladder.every((ticks) => looksPoisson(table, ticks));
  const phis = poisson ? ladder.map(() => 1) : placeboPhis(table, ladder);
  return { poisson, strong, rungs: ladder.map((ticks, i) => ({ ticks, phi: phis[i] ?? 1 })) };
}

/**
 * The rung to read after this many windows: the one with the shortest blocks of at least this length, else with the
 * longest blocks.
 */
export function rungAfter(rungs: readonly Rung[], windows: number): number {
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

/** One placebo window: the pod's share of requests and errors against those of all stable pods. */
interface Cell {
  x: number;
  /** errors of the other pods */
  others: number;
  /** requests of the pod / of the others */
  r: number;
  residual: number;
  variance: number;
}

/** One row per pod, one cell per window; `undefined` where the pod or the others had no requests. */
type Table = readonly (readonly (Cell | undefined)[])[];

function tabulate(pods: readonly PodHistory[], windows: number): Table {
  const totals = Array.from({ length: windows }, (_, t) => ({
    n: pods.reduce((sum, pod) => sum + (pod.n[t] ?? 0), 0),
    x: pods.reduce((sum, pod) => sum + (pod.x[t] ?? 0), 0),
  }));
  return pods.map((pod) =>
    totals.map((total, t) => {
      const [n, x] = [pod.n[t] ?? 0, pod.x[t] ?? 0];
      if (n <= 0 || total.n <= n) return undefined;
      const share = n / total.n;
      return {
        x,
        others: total.x - x,
        r: n / (total.n - n),
        residual: x - total.x * share,
        variance: total.x * share * (1 - share),
      };
    }),
  );
}

function looksPoisson(table: Table, ticks: number): boolean {
  let square = 0;
  let variance = 0;
  let blocks = 0;
  for (const pod of table) {
    for (const block of blocksOf(pod, ticks)) {
      if (block.length === 0) continue;
      square += block.reduce((sum, cell) => sum + cell.residual, 0) ** 2;
      variance += block.reduce((sum, cell) => sum + cell.variance, 0);
      blocks++;
    }
  }
  const free = (blocks * (table.length - 1)) / table.length;
  return variance <= 0 || free <= 0 || square / variance <= 1 + 2 * Math.sqrt(2 / free);
}

function* blocksOf(pod: readonly (Cell | undefined)[], ticks: number): Generator<Cell[]> {
  for (let start = 0; start + ticks <= pod.length; start += ticks) {
    yield pod.slice(start, start + ticks).filter((cell) => cell !== undefined);
  }
}

/** For each rung the smallest φ of the grid at which no bet on a placebo pays; never smaller than on the rung before. */
function placeboPhis(table: Table, ladder: readonly number[]): number[] {
  const phis = new Array<number>(ladder.length).fill(GRID_END);
  const game = gameOf(table);
  let open = ladder.map((_, i) => i);
  for (let phi = 1; phi < GRID_END && open.length > 0; phi *= GRID_STEP) {
    const wealth = logWealths(game, phi);
    const paying = new Set(open.filter((i) => wealth.some((logs) => pays(logs, ladder[i] ?? 1))));
    for (const i of open) if (!paying.has(i)) phis[i] = phi;
    open = [...paying];
  }
  let highest = 1;
  return phis.map((phi) => (highest = Math.max(highest, phi)));
}

/** The table as plain lists, for speed: every bet at every φ reads all of it. */
interface Game {
  /** exposure ratios rounded to 0.2%, because solving for every single one would take seconds */
  ratios: readonly number[];
  pods: readonly { x: Float64Array; others: Float64Array; ratio: Int32Array }[];
}

/** Stands for the index of a ratio where the pod did not serve. */
const NOT_SERVED = -1;

function gameOf(table: Table): Game {
  const indexes = new Map<number, number>();
  const indexOf = (cell: Cell | undefined): number => {
    if (cell === undefined) return NOT_SERVED;
    const key = Math.round(Math.log(cell.r) * 500);
    const index = indexes.get(key) ?? indexes.size;
    indexes.set(key, index);
    return index;
  };
  const pods = table.map((pod) => ({
    x: Float64Array.from(pod, (cell) => cell?.x ?? 0),
    others: Float64Array.from(pod, (cell) => cell?.others ?? 0),
    ratio: Int32Array.from(pod, indexOf),
  }));
  return { ratios: [...indexes.keys()].map((key) => Math.exp(key / 500)), pods };
}

/** For each bet, per pod and window: ln of what the bet earns (λ = 1, δ = 0); NaN where the pod did not serve. */
function logWealths({ ratios, pods }: Game, phi: number): Float64Array[][] {
  return HARM_BETS.g.map((g) => {
    const bets = ratios.map((r) => bet(g, r, phi));
    return pods.map(({ x, others, ratio }) =>
      ratio.reduce((logs, index, t) => {
        const played = bets[index];
        logs[t] = played === undefined ? NaN : played.s1 * (x[t] ?? 0) + played.s0 * (others[t] ?? 0);
        return logs;
      }, new Float64Array(ratio.length)),
    );
  });
}

/** Does the mean wealth of all placebo blocks, with a margin for chance, exceed the stake? */
function pays(logs: readonly Float64Array[], ticks: number): boolean {
  let [count, sum, squares] = [0, 0, 0];
  for (const pod of logs) {
    for (let start = 0; start + ticks <= pod.length; start += ticks) {
      const log = sumOfServed(pod, start, start + ticks);
      if (log === undefined) continue;
      const wealth = Math.exp(Math.min(log, 300));
      count++;
      sum += wealth;
      squares += wealth * wealth;
    }
  }
  if (count === 0) return false;
  const mean = sum / count;
  const error = Math.sqrt(Math.max(0, squares / count - mean * mean) / count);
  return mean + SAFETY_SE * error > 1;
}

function sumOfServed(logs: Float64Array, from: number, to: number): number | undefined {
  let sum = 0;
  let served = false;
  for (let t = from; t < to; t++) {
    const log = logs[t] ?? NaN;
    if (Number.isNaN(log)) continue;
    sum += log;
    served = true;
  }
  return served ? sum : undefined;
}
