import type { Clock } from '../../lib/clock.ts';

const PAUSE_MS = 60_000;

/** What every watch and every retry finds out anew is told once a minute: an API server that is away is missed by all of them. */
export class Seldom {
  readonly #clock: Pick<Clock, 'now'>;
  #last: { text: string; ms: number } | undefined;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  isDue(text: string): boolean {
    const ms = this.#clock.now();
    if (this.#last?.text === text && ms - this.#last.ms < PAUSE_MS) return false;
    this.#last = { text, ms };
    return true;
  }
}
