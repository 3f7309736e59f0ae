import type { Clock } from '../../lib/clock.ts';

const PAUSE_MS = 60_000;

/**
 * Reports once a minute what every watch and every retry would report again, for example that the API server does not
 * answer.
 */
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
