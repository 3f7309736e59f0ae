import PQueue, { type Queue, type QueueAddOptions } from 'p-queue';
import { Turns } from '../../lib/turns.ts';

export interface Limits {
  /** tasks that run at the same time */
  concurrency: number;
  /** of one group; absent: as many as of all */
  each?: number;
}

/**
 * Runs tasks so many at a time, and of one group at most `each`; groups that wait have their turns one after the other, so that one
 * which asks for much does not delay the rest. Within a group first come, first served.
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
        // before the queue looks for the next
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

  /** What may run now, as far as p-queue has a place: a group that has all of its own waits until one of them ends. */
  get size(): number {
    return this.#waiting.count(this.#may);
  }

  dequeue(): Run | undefined {
    return this.#waiting.next(this.#may);
  }

  /** Nobody asks for part of what waits. */
  filter(): Run[] {
    return [];
  }

  /** Turns have no priorities. */
  setPriority(): void {
    return undefined;
  }

  readonly #may = (group: string): boolean => this.#running?.may(group) !== false;
}
