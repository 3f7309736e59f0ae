import type { Counts } from '../../../api/analysis.ts';
import type { Arms } from '../source.ts';

/** Cumulative counts of both arms as they were once. */
export interface Reading {
  /** end of the window after which they were read */
  endMs: number;
  /** what was asked, document by document: counts of other pods are other counts */
  asked: string;
  counts: Arms<Counts>;
}

/** Far more metrics than one controller measures at a time; the oldest go first. */
const MOST = 10_000;

/** The last two readings of each metric. Lost with the process: counting then begins anew. */
export class Readings {
  readonly #kept = new Map<string, readonly Reading[]>();

  /** The reading at the beginning of a window, which the one before it left at its end. */
  at(key: string, startMs: number): Reading | undefined {
    return this.#kept.get(key)?.find(({ endMs }) => endMs === startMs);
  }

  /** A window that is measured again replaces its own reading. */
  add(key: string, reading: Reading): void {
    const others = (this.#kept.get(key) ?? []).filter(({ endMs }) => endMs !== reading.endMs);
    this.#kept.delete(key);
    this.#kept.set(key, [reading, ...others].slice(0, 2));
    if (this.#kept.size <= MOST) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      return;
    }
  }
}
