import type { BadOutcome, Histogram } from '../../../api/analysis.ts';
import type { Buckets, Form } from './buckets.ts';
import type { Timeline } from './deltas.ts';

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

export function unreadable(outcome: BadOutcome, sentence: string): Unreadable {
  return { ok: false, outcome, sentence };
}
