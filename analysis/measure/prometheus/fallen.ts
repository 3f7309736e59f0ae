import type { Series } from './answer.ts';
import { tickOf, type Ticks } from './lookback.ts';
import { LOOKBACK_MS } from './over-range.ts';

/**
 * Finds the ticks in which a sum rises soon after it fell: a member that went away and comes back adds everything it ever
 * counted (see `risesAfterFall`, which tells the same of one window). Pieces of a series come in the order of time, each
 * with the last sample before it.
 */
export class FallenSums {
  readonly ticks = new Set<number>();
  /** when each series last fell */
  readonly #fell = new Map<string, number>();
  readonly #of: Ticks;

  constructor(of: Ticks) {
    this.#of = of;
  }

  /** `query`: tells series with equal labels apart. */
  add(query: string, { labels, samples }: Series): void {
    const key = JSON.stringify([query, labels]);
    let fellMs = this.#fell.get(key) ?? -Infinity;
    let last: number | undefined;
    for (const { timeMs, value } of samples) {
      if (last !== undefined && value < last) fellMs = timeMs;
      if (last !== undefined && value > last && timeMs - fellMs <= LOOKBACK_MS)
        this.ticks.add(tickOf(timeMs, this.#of));
      last = value;
    }
    this.#fell.set(key, fellMs);
  }
}
