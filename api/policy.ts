/**
 * ReleasePolicy: how a change is delivered. These are the parsed, defaulted forms: durations are milliseconds.
 * The wire form (YAML) writes durations as "30s", "2m", "1h30m".
 */
export type ProviderName = 'gateway' | 'nginx' | 'istio' | 'linkerd' | 'replicas';
export type Strategy = 'canary' | 'blueGreen' | 'ab';

export interface Step {
  /** percent of requests to the canary, 0..100 */
  weight: number;
  minDurationMs: number;
  maxDurationMs: number;
  /** false: none; true: until a human goes on; number: that many milliseconds */
  pause: boolean | number;
  /** fixed number of canary pods; absent: ceil(weight% of stable replicas), at least 1 */
  canaryReplicas?: number;
}

export interface AnalysisUse {
  template: string;
  args: Record<string, string>;
}

export interface ReleasePolicy {
  provider: ProviderName | 'auto';
  strategy: Strategy;
  steps: Step[];
  analysis: AnalysisUse[];
  onFailure: 'hold' | 'revert';
  onInconclusive: 'extend' | 'wait' | 'promote' | 'rollback';
  onNewRevision: 'supersede' | 'queue';
  rollbackWindow: { revisions: number };
  holdCapacity: boolean;
  /** time after a canary pod becomes ready whose samples are dropped */
  warmupMs: number;
  /** time between weight 0 observed and the canary's deletion */
  drainMs: number;
  /** overrides the provider's settle time (after a weight is observed, before measuring) */
  settleMs?: number;
  /** ended Releases kept per target */
  historyLimit: number;
}
