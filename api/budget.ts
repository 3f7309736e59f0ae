/**
 * The work of one pass, counted in steps: objects, labels and candidates looked at. Work that could grow faster than its
 * input gets a part with its own limit and stops there: one tenant's objects must not take the time of all others.
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

  /** More was spent than the limit: the caller then stops, and says so. */
  get exceeded(): boolean {
    return this.#spent > this.#limit;
  }

  /** @returns whether work may continue */
  spend(steps = 1): boolean {
    this.#spent += steps;
    this.#whole?.spend(steps);
    return !this.exceeded;
  }

  /** A part of this work, with its own limit. */
  part(limit: number): Budget {
    return new Budget(limit, this);
  }
}
