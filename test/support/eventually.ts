import { vi } from 'vitest';

/** Nothing is judged by how long it takes: a machine may be busy. What has not happened by then never will. */
export const HANG_MS = 600_000;

/** Calls `check` until it throws no more, and returns what it returned. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: HANG_MS, interval: 10 });
}
