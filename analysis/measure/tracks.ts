import type { BadOutcome, Histogram } from '../../api/analysis.ts';
import type { Series } from './answer.ts';
import type { Buckets, Form } from './buckets.ts';
import { classicTracks } from './classic.ts';
import type { Timeline } from './deltas.ts';
import { nativeTracks } from './native.ts';

/** A cumulative histogram as it was at one scrape. */
export interface Reading {
  timeMs: number;
  buckets: Buckets;
}

export type Track = Timeline<Reading>;

export interface Tracks {
  ok: true;
  tracks: Track[];
  form: Form;
  layout: Histogram['layout'];
}

/** Why series cannot be read as histograms. */
export interface Unreadable {
  ok: false;
  outcome: BadOutcome;
  sentence: string;
}

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

export function unreadable(outcome: BadOutcome, sentence: string): Unreadable {
  return { ok: false, outcome, sentence };
}
