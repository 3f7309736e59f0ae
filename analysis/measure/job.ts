import type { BadOutcome, Measurement, Window } from '../../api/analysis.ts';
import type { Arm } from '../../api/query.ts';
import type { Fence } from '../../api/kinds/template/bound.ts';

/** One metric over one window. */
export interface Job {
  /** key of the metric (api/bound.ts) */
  key: string;
  window: Window;
  /** which arm is asked, and named, for each arm: during a release the arm itself, before a release stable for both */
  arms: Record<Arm, Arm>;
  /** values for `{{name}}`, unescaped */
  variables: Record<Arm, Readonly<Record<string, string>>>;
  /** the history of the stable arm is wanted as well */
  calibrate: boolean;
  /** its queries may only read series with this label */
  fence?: Pick<Fence, 'label' | 'value'>;
}

/** A measurement without numbers. */
export function bad(job: Job, outcome: BadOutcome, sentence: string): Measurement {
  return { metric: job.key, window: job.window, outcome, sentence };
}

/** Why there is no answer. */
export interface Failed {
  outcome: BadOutcome;
  sentence: string;
}

export function failed(job: Job, { outcome, sentence }: Failed, what?: string): Measurement {
  return bad(job, outcome, what === undefined ? sentence : `${what}: ${sentence}`);
}

export function nameOf(arm: Arm): string {
  return arm === 'canary' ? 'the canary' : 'stable';
}

/** A value as JSON can hold it: JSON has no infinity, so the largest number replaces it, and comparisons give the same answer. */
export function finite(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}
