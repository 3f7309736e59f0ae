import type { Io } from './io.ts';

/** Waits; ends early when the command is interrupted. */
export function sleep(io: Pick<Io, 'clock' | 'stop'>, ms: number): Promise<void> {
  if (io.stop.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      io.stop.removeEventListener('abort', done);
      resolve();
    };
    const cancel = io.clock.after(ms, done);
    io.stop.addEventListener('abort', done, { once: true });
  });
}
