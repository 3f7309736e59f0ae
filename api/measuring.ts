import type { Measurement, ShareQueries, Window } from './analysis.ts';
import type { BoundTemplate } from './kinds/template/bound.ts';

/** What is to be measured over one window. */
export interface MeasureRequest {
  window: Window;
  /** presets already resolved into queries (api/bound.ts) */
  templates: BoundTemplate[];
  /** variables for queries, unescaped (api/query.ts); lists are separated by commas */
  variables: Record<string, string>;
  /** there is no canary yet, or it gets no requests: everything is asked of the stable arm, with its queries and variables */
  stableOnly?: true;
  /** also fetch what stable did before, to calibrate the judge; set until the first window with data */
  calibrate?: boolean;
  /** also count how many requests each arm got */
  share?: ShareQueries;
  /**
   * keys of metrics: only these are asked for, by the label that their breakdown names, over the whole window and in
   * ticks of at least an interval
   */
  byLabel?: readonly string[];
}

/** A request for one target. A newer job of a target replaces the older one. */
export interface MeasureJob extends MeasureRequest {
  key: { namespace: string; name: string };
  release: string;
  step: number;
  /** most canary pods were cold */
  warming?: true;
}

export interface MeasureResult extends Pick<
  MeasureJob,
  'release' | 'step' | 'window' | 'warming' | 'stableOnly' | 'byLabel'
> {
  measurements: Measurement[];
}
