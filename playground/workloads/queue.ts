import type { ApiFailure } from '../apiserver/contract.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Key } from './kinds.ts';

/** One hop of a controller: long enough for other controllers to run in between, as in a real cluster. */
const PICK_UP_MS = 1;
const FIRST_RETRY_MS = 5;
const LONGEST_RETRY_MS = 10_000;

interface Due {
  at: number;
  cancel: () => void;
}

/**
 * Runs `sync` for keys, each at most once at a time, at the earliest of the requested times. A sync that the
 * API refused is repeated with growing delay; any other error is a bug and is thrown.
 */
export class WorkQueue {
  private readonly clock: Clock;
  private readonly sync: (key: Key) => void;
  private readonly due = new Map<Key, Due>();
  private readonly failures = new Map<Key, number>();
  private stopped = false;

  constructor(clock: Clock, sync: (key: Key) => void) {
    this.clock = clock;
    this.sync = sync;
  }

  add(key: Key): void {
    this.addAfter(key, PICK_UP_MS);
  }

  addAfter(key: Key, ms: number): void {
    if (this.stopped) return;
    const at = this.clock.now() + ms;
    const known = this.due.get(key);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    this.due.set(key, { at, cancel: this.clock.after(ms, () => this.run(key)) });
  }

  stop(): void {
    this.stopped = true;
    for (const entry of this.due.values()) entry.cancel();
    this.due.clear();
  }

  private run(key: Key): void {
    this.due.delete(key);
    if (this.stopped) return;
    try {
      this.sync(key);
      this.failures.delete(key);
    } catch (error) {
      if (!isApiFailure(error)) throw error;
      const failed = this.failures.get(key) ?? 0;
      this.failures.set(key, failed + 1);
      this.addAfter(key, Math.min(FIRST_RETRY_MS * 2 ** failed, LONGEST_RETRY_MS));
    }
  }
}

export function isApiFailure(error: unknown): error is ApiFailure {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'status' in error;
}

export function isNamespaceTerminating(failure: ApiFailure): boolean {
  return failure.code === 403 && JSON.stringify(failure.status).includes('"NamespaceTerminating"');
}
