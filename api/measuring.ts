import type { Measurement, ShareQueries, Window } from './analysis.ts';
import type { BoundTemplate } from './kinds/template/bound.ts';

/** What is to be measured over one window. */
export interface MeasureRequest {
  window: Window;
  /** presets already resolved into queries (api/bound.ts) */
  templates: BoundTemplate[];
  /** variables for queries, unescaped (api/query.ts); lists are separated by commas */
  variables: Record<string, string>;
  /** there is no canary yet, or it gets nothing: everything is asked of the stable arm, as its queries and variables have it */
  stableOnly?: true;
  /** also fetch what stable did before, to calibrate the judge: before the first window with data */
  calibrate?: boolean;
  /** also count how many requests each arm got */
  share?: ShareQueries;
}

/** A request of one target. Of two jobs of a target the older is of no use any more. */
export interface MeasureJob extends MeasureRequest {
  key: { namespace: string; name: string };
  release: string;
  step: number;
  /** most canary pods were cold */
  warming?: true;
}

export interface MeasureResult extends Pick<
  MeasureJob,
  'release' | 'step' | 'window' | 'warming' | 'stableOnly'
> {
  measurements: Measurement[];
}
