/**
 * The work of one pass, counted in steps: objects, labels and candidates looked at. What could grow faster than its input
 * does is given a part of its own with a limit, and stops there: one tenant's objects must not take everybody's time.
 */
export class Budget {
  readonly #whole: Budget | undefined;
  readonly #limit: number;
  #spent = 0;

  /** Without a limit it only counts. */
  constructor(limit = Infinity, whole?: Budget) {
    this.#limit = limit;
    this.#whole = whole;
  }

  get spent(): number {
    return this.#spent;
  }

  /** More was spent than the limit: whoever notices stops, and says so. */
  get exceeded(): boolean {
    return this.#spent > this.#limit;
  }

  /** @returns whether work may go on */
  spend(steps = 1): boolean {
    this.#spent += steps;
    this.#whole?.spend(steps);
    return !this.exceeded;
  }

  /** A limit for something within this work. */
  part(limit: number): Budget {
    return new Budget(limit, this);
  }
}
