import type { ReleasePolicy, Step } from '../../../api/policy.ts';
import type { Release, ReleaseStatus } from '../../../api/release.ts';
import type { BoundTemplate } from '../../../api/template.ts';
import type { Split } from '../../../providers/provider.ts';
import type { Facts } from '../../facts.ts';
import type { TrafficFacts } from '../../facts/traffic.ts';
import type { WorkloadFacts } from '../../facts/workload.ts';
import type { Answer } from '../../model.ts';

/** What every stage of a step works with. */
export interface StepFacts {
  facts: Facts;
  release: Release;
  status: ReleaseStatus;
  target: WorkloadFacts;
  traffic: TrafficFacts;
  policy: ReleasePolicy;
  templates: BoundTemplate[];
  ladder: Step[];
  step: Step;
  /** where this step wants requests to go */
  split: Split;
  index: number;
}

/** One stage of a step: undefined = done, go on to the next. */
export type Stage = (s: StepFacts) => Answer | undefined;

/** Beginning of a stage that may take only so long. */
export const nowOf = ({ facts }: StepFacts): string => new Date(facts.nowMs).toISOString();
