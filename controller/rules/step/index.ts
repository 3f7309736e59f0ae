import { ladderOf } from '../../../api/ladder.ts';
import { splitOf } from '../../../providers/wants.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Release } from '../../../api/release.ts';
import { phaseOf, recordedTemplates } from '../../facts/records.ts';
import type { Facts } from '../../facts.ts';
import type { Answer } from '../../model.ts';
import { answerFor, SLOW_MS, type FactsRule } from '../answer.ts';
import { judged, settled } from './analysis-stages.ts';
import { podsObserved, podsScaled } from './by-pods-stages.ts';
import { canaryAvailable, canaryExists, canaryScaled, serviceExists } from './canary-stages.ts';
import { companionsFollow, withCompanions } from './companion-stages.ts';
import { onConclusion } from './conclusion.ts';
import type { Stage, StepFacts } from './stage.ts';
import { switchedAtFullSize } from './switch-stages.ts';
import { driftedUp, originalsRecorded, weightObserved, weightWritten } from './weight-stages.ts';

/** In this order; the first that has something to do or to wait for answers. */
const STAGES: readonly Stage[] = [
  driftedUp,
  companionsFollow,
  canaryExists,
  canaryScaled,
  canaryAvailable,
  serviceExists,
  originalsRecorded,
  switchedAtFullSize,
  weightWritten,
  weightObserved,
  settled,
  judged,
];

/** Without a router: the number of canary pods is the weight, and whoever sends to stable pods sends to them. */
const STAGES_BY_PODS: readonly Stage[] = [
  companionsFollow,
  canaryExists,
  podsScaled,
  canaryAvailable,
  podsObserved,
  settled,
  judged,
];

/** One rung of the ladder, from the canary's size to the verdict. */
export const stepping: FactsRule = {
  name: 'stepping',
  decide(facts) {
    const { active } = facts;
    if (active === undefined || !['Progressing', 'Waiting'].includes(phaseOf(active))) return undefined;
    const s = stepFacts(facts, active);
    if (s === undefined) return unreadable(facts, active);
    return withCompanions(s, stepOn(s));
  },
};

function stepOn(s: StepFacts): Answer {
  for (const stage of s.traffic.provider.byPods === undefined ? STAGES : STAGES_BY_PODS) {
    const answer = stage(s);
    if (answer !== undefined) return answer;
  }
  return onConclusion(s);
}

function stepFacts(facts: Facts, release: Release): StepFacts | undefined {
  const { target, traffic, rules } = facts;
  const { status } = release;
  const templates = recordedTemplates(release);
  const index = status?.step ?? 0;
  const ladder = rules === undefined ? [] : ladderOf(rules.policy);
  const step = ladder[index];
  const usable = rules?.readable === true && target !== undefined && traffic !== undefined;
  if (!usable || status === undefined || templates === undefined || step === undefined) return undefined;
  const split = splitOf(traffic.context.wants, step);
  const { policy } = rules;
  return { facts, release, status, target, traffic, policy, templates, ladder, step, split, index };
}

/** The record was damaged: nothing goes on, but a human can still abort. */
function unreadable(facts: Facts, release: Release): Answer {
  const sentence = 'spec of the Release cannot be read any more; abort it with intent Abort.';
  const parts = {
    reason: REASON.InvalidRelease,
    sentence,
    outcome: 'stalled' as const,
    requeueAfterMs: SLOW_MS,
  };
  return answerFor(facts, release, parts, { phase: 'Waiting' });
}
