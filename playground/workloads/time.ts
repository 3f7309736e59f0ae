import type { Clock } from '../../lib/clock.ts';

/** Kubernetes keeps whole seconds. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

export function now(clock: Clock): string {
  return timestamp(clock.now());
}

/** Milliseconds since the epoch; 0 for a missing time. */
export function millis(time: string | undefined): number {
  return time === undefined ? 0 : Date.parse(time);
}
