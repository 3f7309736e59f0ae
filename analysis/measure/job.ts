import type { BadOutcome, Measurement, Window } from '../../api/analysis.ts';
import type { Arm } from '../../api/query.ts';
import type { Failure } from './prometheus.ts';

/** One metric over one window. */
export interface Job {
  /** key of the metric (api/bound.ts) */
  key: string;
  window: Window;
  /** which arm is asked, and named, for each: in a release itself, before one stable for both */
  arms: Record<Arm, Arm>;
  /** values for `{{name}}`, unescaped */
  variables: Record<Arm, Readonly<Record<string, string>>>;
  /** the history of the stable arm is wanted as well */
  calibrate: boolean;
}

/** A measurement without numbers. */
export function bad(job: Job, outcome: BadOutcome, sentence: string): Measurement {
  return { metric: job.key, window: job.window, outcome, sentence };
}

export function failed(job: Job, { outcome, sentence }: Failure, what?: string): Measurement {
  return bad(job, outcome, what === undefined ? sentence : `${what}: ${sentence}`);
}
