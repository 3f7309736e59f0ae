import type { Series } from './answer.ts';
import { classicTracks } from './classic.ts';
import { nativeTracks } from './native.ts';
import { unreadable, type Tracks, type Unreadable } from './readings.ts';

/** The cumulative histograms these series hold, classic or native. */
export function readTracks(all: readonly Series[]): Tracks | Unreadable {
  const native = all.filter(({ histograms }) => histograms !== undefined);
  if (native.length === 0) return classicTracks(all);
  if (native.length === all.length) return nativeTracks(native);
  return unreadable(
    'badQuery',
    'the query returns both native histograms and numbers; name the histogram itself or its _bucket series',
  );
}
