/**
 * ReleasePolicy: how a change is delivered. These are the parsed, defaulted forms: durations are milliseconds.
 * The wire form (YAML) writes durations as "30s", "2m", "1h30m".
 */
export type ProviderName = 'gateway' | 'nginx' | 'istio' | 'linkerd' | 'replicas';
export type Strategy = 'canary' | 'blueGreen' | 'ab';

export interface Step {
  /** percent of the requests no match decides about, with at most two decimals; 100 only in the switch of blueGreen */
  weight: number;
  /** percent of requests that are copied to the canary, whose answers nobody gets; absent: 0 */
  mirror?: number;
  minDurationMs: number;
  maxDurationMs: number;
  /** false: none; true: until a human goes on; number: that many milliseconds */
  pause: boolean | number;
  /** fixed number of canary pods; absent: ceil(weight% of stable replicas), at least 1 */
  canaryReplicas?: number;
  /** as many canary pods as stable ones, unless their number is fixed */
  fullSize?: true;
}

/** Requests that carry any of these go to the canary, whatever the weight. */
export interface Match {
  headers: HeaderMatch[];
  cookies: CookieMatch[];
}

export interface HeaderMatch {
  name: string;
  value: string;
  /** the value is a regular expression (RE2) that has to cover the whole header */
  regex?: true;
}

export interface CookieMatch {
  name: string;
  value: string;
}

/** Copies of requests before the first live one. */
export interface Mirror {
  percent: number;
  minDurationMs: number;
  maxDurationMs: number;
}

/** A client that was sent to the canary once stays there, by a cookie, for as long as the release sends anybody there. */
export interface Stickiness {
  cookie: string;
  maxAgeMs: number;
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
  /** time after a canary pod becomes ready in which it is judged with the warm-up margin */
  warmupMs: number;
  /** data may be missing for so long while requests go to the canary */
  blindMs: number;
  /** time between weight 0 observed and the canary's deletion */
  drainMs: number;
  /** overrides the provider's settle time (after a weight is observed, before measuring) */
  settleMs?: number;
  /** ab: who goes to the canary */
  match?: Match;
  mirror?: Mirror;
  stickiness?: Stickiness;
  /** blueGreen: how long the canary serves everything before it is promoted */
  bakeMs: number;
  /** ended Releases kept per target */
  historyLimit: number;
}
