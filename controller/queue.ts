import { Turns } from '../lib/turns.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { targetName, type TargetKey } from '../api/target-key.ts';

/** The result of one piece of work: look again after a while (or not at all), or try again after growing pauses. */
export type Worked = { retry: true } | { retry: false; requeueAfterMs?: number | undefined };

export interface QueueOptions {
  clock: Clock;
  /** uniform in [0, 1) */
  random: () => number;
  /** keys worked on at the same time */
  concurrency: number;
  /** a rejection is a bug of the work; `onBug` gets it */
  work: (key: TargetKey) => Promise<Worked>;
  onBug: (error: unknown, key: TargetKey) => void;
  /** first pause before a retry; default 100 ms */
  minBackoffMs?: number;
  /** longest pause; default 10 s, so that a rollback follows soon after the API server answers again */
  maxBackoffMs?: number;
}

interface Delayed {
  dueMs: number;
  cancel: () => void;
}

/**
 * Keys waiting for work. A key waits at most once, and is never worked on twice at once: if it is added while work on
 * it runs, it runs again afterwards. Of several delays the shortest counts.
 */
export class WorkQueue {
  readonly #options: QueueOptions;
  /** by namespace, so that a namespace with many targets does not delay the others */
  readonly #ready = new Turns<TargetKey>();
  readonly #delayed = new Map<TargetKey, Delayed>();
  readonly #active = new Set<TargetKey>();
  readonly #again = new Set<TargetKey>();
  readonly #failures = new Map<TargetKey, number>();
  #started = false;
  #stopped = false;
  #drained: (() => void) | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Keys that could be worked on now. */
  get depth(): number {
    return this.#ready.size + this.#again.size;
  }

  get active(): number {
    return this.#active.size;
  }

  /** Keys added before `start` wait for it. */
  start(): void {
    this.#started = true;
    this.#pump();
  }

  add(key: TargetKey, delayMs = 0): void {
    if (this.#stopped) return;
    if (delayMs > 0) return this.#addLater(key, delayMs);
    this.#forgetDelay(key);
    if (this.#active.has(key)) this.#again.add(key);
    else this.#ready.add(targetName(key).namespace, key, key);
    this.#pump();
  }

  /** Takes no more work; resolves when the running work has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#ready.clear();
    this.#again.clear();
    if (this.#active.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  #addLater(key: TargetKey, delayMs: number): void {
    if (this.#ready.has(targetName(key).namespace, key) || this.#again.has(key)) return;
    const dueMs = this.#options.clock.now() + delayMs;
    const present = this.#delayed.get(key);
    if (present !== undefined && present.dueMs <= dueMs) return;
    this.#forgetDelay(key);
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, cancel });
  }

  #forgetDelay(key: TargetKey): void {
    this.#delayed.get(key)?.cancel();
    this.#delayed.delete(key);
  }

  #pump(): void {
    if (!this.#started || this.#stopped) return;
    while (this.#active.size < this.#options.concurrency) {
      const key = this.#ready.next();
      if (key === undefined) return;
      this.#active.add(key);
      void this.#run(key);
    }
  }

  async #run(key: TargetKey): Promise<void> {
    let result: Worked = { retry: true };
    try {
      result = await this.#options.work(key);
    } catch (error) {
      this.#options.onBug(error, key);
    }
    this.#active.delete(key);
    if (this.#stopped) {
      if (this.#active.size === 0) this.#drained?.();
      return;
    }
    this.#settle(key, result);
    if (this.#again.delete(key)) this.add(key);
    this.#pump();
  }

  #settle(key: TargetKey, result: Worked): void {
    if (!result.retry) {
      this.#failures.delete(key);
      if (result.requeueAfterMs !== undefined) this.add(key, Math.max(1, result.requeueAfterMs));
      return;
    }
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const { minBackoffMs: minMs = 100, maxBackoffMs: maxMs = 10_000, random } = this.#options;
    this.add(key, backoffMs(failures, { minMs, maxMs, random }));
  }
}
