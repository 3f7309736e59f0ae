import { ladderOf } from '../../api/ladder.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import type { Phase, ReleaseStatus } from '../../api/kinds/release/status.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import type { Split } from '../../providers/provider.ts';
import { splitOf } from '../../providers/shared/wants.ts';
import type { Facts } from '../facts/facts.ts';
import type { TrafficFacts } from '../facts/traffic.ts';
import type { WorkloadFacts } from '../facts/workload.ts';
import type { Answer } from '../model.ts';

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

/** The present time, stored as the beginning of a stage with a time limit. */
export const nowOf = ({ facts }: StepFacts): string => new Date(facts.nowMs).toISOString();

/** Phases in which requests may go to the canary and are not being taken back. */
const LIVE: ReadonlySet<Phase> = new Set(['Progressing', 'Waiting', 'Promoting']);
export const isLive = (phase: Phase): boolean => LIVE.has(phase);

/**
 * The step of a release, or the one it was promoted from; undefined where it has no step, or its record cannot be read.
 */
export function stepFacts(facts: Facts, release: Release, status = release.status): StepFacts | undefined {
  const { target, traffic, rules, templates } = facts;
  const index = status?.step ?? 0;
  const ladder = rules === undefined ? [] : ladderOf(rules.policy);
  const step = ladder[index];
  const usable = rules?.readable === true && target !== undefined && traffic !== undefined;
  if (!usable || status === undefined || templates === undefined || step === undefined) return undefined;
  const split = splitOf(traffic.context.wants, step);
  const { policy } = rules;
  return { facts, release, status, target, traffic, policy, templates, ladder, step, split, index };
}
