import { vi } from 'vitest';

/**
 * No test judges by how long something takes, because a machine may be busy. What has not happened by then
 * never will.
 */
export const HANG_MS = 600_000;

/** Calls `check` until it no longer throws, and returns its result. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: HANG_MS, interval: 10 });
}
