import type { Io } from '../../cli/io.ts';
import { VirtualClock } from './virtual-clock.ts';

/** An Io that keeps what was printed, without colours, over a virtual clock. */
export interface Recorded extends Io {
  clock: VirtualClock;
  printed: string[];
  complained: string[];
  interrupt(): void;
}

export function recordingIo(): Recorded {
  const stop = new AbortController();
  const printed: string[] = [];
  const complained: string[] = [];
  return {
    out: (line) => printed.push(line),
    err: (line) => complained.push(line),
    paint: (_colour, text) => text,
    clock: new VirtualClock(),
    stop: stop.signal,
    printed,
    complained,
    interrupt: () => stop.abort(),
  };
}
