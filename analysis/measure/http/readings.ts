import type { Counts } from '../../../api/analysis.ts';
import type { Arms } from '../source.ts';

/** Cumulative counts of both arms at one time. */
export interface Reading {
  /** end of the window after which they were read */
  endMs: number;
  /** the documents that were asked for: counts of different pods cannot be compared */
  asked: string;
  counts: Arms<Counts>;
}

/** Far more metrics than one controller measures at a time; the oldest are dropped first. */
const MOST = 10_000;

/** The last two readings of each metric. Lost when the process ends: counting then starts again. */
export class Readings {
  readonly #kept = new Map<string, readonly Reading[]>();

  /** The reading at the beginning of a window, taken at the end of the window before. */
  at(key: string, startMs: number): Reading | undefined {
    return this.#kept.get(key)?.find(({ endMs }) => endMs === startMs);
  }

  /** If a window is measured again, its new reading replaces the old one. */
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
