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
  /** at least one metric was replayed pod by pod */
  byPod: boolean;
  independent: number;
  scenarios: Scenario[];
  /** metrics that were left out, with why */
  notReplayed: string[];
  notes: string[];
}
