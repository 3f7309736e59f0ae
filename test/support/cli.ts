import type { Io } from '../../cli/io.ts';
import { printing } from '../../cli/printing.ts';
import { VirtualClock } from './virtual-clock.ts';

/** An Io that keeps what was printed, without colours, on a virtual clock. */
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
  const { paint, line } = printing(false, '');
  return {
    out: (text) => printed.push(line(text)),
    err: (text) => complained.push(line(text)),
    text: (lines) => printed.push(lines),
    flushed: () => Promise.resolve(),
    paint,
    columns: () => 100,
    clock: new VirtualClock(),
    stop: stop.signal,
    printed,
    complained,
    interrupt: () => stop.abort(),
  };
}
