/** Single stable pods as placebos: each plays the canary against the other stable pods, window by window. */

/**
 * Counts of one stable pod, window by window, oldest first: all lists have the same length, with 0 requests where the pod
 * did not serve.
 */
export interface PodHistory {
  n: readonly number[];
  x: readonly number[];
}

/** One placebo window: the pod's share of requests and errors against those of all stable pods. */
export interface Cell {
  x: number;
  /** errors of the other pods */
  others: number;
  /** requests of the pod / of the others */
  r: number;
  residual: number;
  variance: number;
}

/** One row per pod, one cell per window; `undefined` where the pod or the others had no requests. */
export type Table = readonly (readonly (Cell | undefined)[])[];

export function tabulate(pods: readonly PodHistory[], windows: number): Table {
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

/** Do the counts in blocks of this many windows vary as independent requests do, within two standard errors? */
export function looksPoisson(table: Table, ticks: number): boolean {
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

/** The table as plain lists, for speed: every bet at every φ reads all of it. */
export interface Game {
  /** exposure ratios rounded to 0.2%, because solving for every single one would take seconds */
  ratios: readonly number[];
  pods: readonly { x: Float64Array; others: Float64Array; ratio: Int32Array }[];
}

/** Stands for the index of a ratio where the pod did not serve. */
const NOT_SERVED = -1;

export function gameOf(table: Table): Game {
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
