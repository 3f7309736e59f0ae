import { Turns } from '../../lib/turns.ts';

/** Runs tasks so many at a time, and of one group at most `each`; groups that wait have their turns one after the other. */
export class Lane {
  #free: number;
  readonly #each: number;
  readonly #running = new Map<string, number>();
  readonly #waiting = new Turns<() => void>();
  #count = 0;

  constructor(width: number, each = width) {
    this.#free = width;
    this.#each = each;
  }

  async run<T>(task: () => Promise<T>, group = ''): Promise<T> {
    if (this.#free > 0 && this.#may(group)) this.#take(group, 1);
    else {
      await new Promise<void>((resolve) => {
        this.#waiting.add(group, String(this.#count++), () => {
          this.#take(group, 1);
          resolve();
        });
      });
    }
    try {
      return await task();
    } finally {
      this.#take(group, -1);
      this.#pump();
    }
  }

  #take(group: string, many: number): void {
    this.#free -= many;
    const running = (this.#running.get(group) ?? 0) + many;
    if (running === 0) this.#running.delete(group);
    else this.#running.set(group, running);
  }

  #may(group: string): boolean {
    return (this.#running.get(group) ?? 0) < this.#each;
  }

  #pump(): void {
    while (this.#free > 0) {
      const start = this.#waiting.next((group) => this.#may(group));
      if (start === undefined) return;
      start();
    }
  }
}
