import type { Scenario, Traffic } from './scenarios.ts';

/** Everything a backtest found out. */
export interface BacktestResult {
  /** "namespace/name" */
  target: string;
  template: string;
  fromMs: number;
  toMs: number;
  seed: number;
  /** weights in percent */
  steps: number[];
  risk: { harm: number; safe: number };
  traffic: Traffic;
  /** how many pods were told apart in a release, in the median; 0: requests were assigned to the arms at random */
  pods: number;
  independent: number;
  scenarios: Scenario[];
  /** metrics that could be replayed only in part, or not at all */
  caveats: string[];
  /** notes about the recording */
  notes: string[];
}
