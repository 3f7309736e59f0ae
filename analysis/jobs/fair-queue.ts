import PQueue, { type Queue, type QueueAddOptions } from 'p-queue';
import { Turns } from '../../lib/turns.ts';

export interface Limits {
  /** tasks that run at the same time */
  concurrency: number;
  /** tasks of one group; absent: the same limit as for all */
  each?: number;
}

/**
 * Runs at most `concurrency` tasks at a time, and at most `each` of one group. Waiting groups take turns, so that a group
 * with many tasks does not delay the others. Within a group: first come, first served.
 */
export class FairQueue {
  readonly #queue: PQueue<InTurns, TurnOptions>;
  readonly #running: Running;

  constructor({ concurrency, each = concurrency }: Limits) {
    this.#queue = new PQueue({ concurrency, queueClass: InTurns });
    this.#running = new Running(each);
  }

  run<T>(task: () => Promise<T>, group = ''): Promise<T> {
    const running = this.#running;
    const turn = async (): Promise<T> => {
      try {
        return await task();
      } finally {
        // has to come before the queue looks for the next task
        running.end(group);
      }
    };
    return this.#queue.add(turn, { group, running });
  }

  /** Drops what waits; resolves when everything that runs has ended. */
  stop(): Promise<void> {
    this.#queue.clear();
    return this.#queue.onIdle();
  }
}

interface TurnOptions extends QueueAddOptions {
  group?: string;
  running?: Running;
}

/** How many tasks of each group run. */
class Running {
  readonly #each: number;
  readonly #counts = new Map<string, number>();

  constructor(each: number) {
    this.#each = each;
  }

  may(group: string): boolean {
    return (this.#counts.get(group) ?? 0) < this.#each;
  }

  begin(group: string): void {
    this.#counts.set(group, (this.#counts.get(group) ?? 0) + 1);
  }

  end(group: string): void {
    const left = (this.#counts.get(group) ?? 0) - 1;
    if (left > 0) this.#counts.set(group, left);
    else this.#counts.delete(group);
  }
}

type Run = () => Promise<unknown>;

/** The order in which p-queue takes what waits. */
class InTurns implements Queue<Run, TurnOptions> {
  readonly #waiting = new Turns<Run>();
  #running: Running | undefined;

  enqueue(run: Run, { id = '', group = '', running }: Partial<TurnOptions> = {}): void {
    this.#running = running;
    this.#waiting.add(group, id, () => {
      running?.begin(group);
      return run();
    });
  }

  /**
   * How many tasks may run now, as far as p-queue has room: a group that has reached its limit waits until one of its
   * tasks ends.
   */
  get size(): number {
    return this.#waiting.count(this.#may);
  }

  dequeue(): Run | undefined {
    return this.#waiting.next(this.#may);
  }

  /** p-queue wants this method, but nothing here uses it. */
  filter(): Run[] {
    return [];
  }

  /** Turns have no priorities. */
  setPriority(): void {
    return undefined;
  }

  readonly #may = (group: string): boolean => this.#running?.may(group) !== false;
}
