import { ladderOf } from '../../../api/ladder.ts';
import { REASON } from '../../../api/reasons.ts';
import { ANNOTATION } from '../../../api/names.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import { RESOURCES } from '../../../api/resources.ts';
import { templatesEqual } from '../../canary/index.ts';
import type { CanaryFacts } from '../../facts/canary.ts';
import { event, patchRelease, remove } from '../../actions.ts';
import type { Action, Rule } from '../../model.ts';
import { answerFor, AT_ONCE, POLL_MS } from '../../answer.ts';
import { askedIn } from '../../plan/asked.ts';
import { stillServes, zeroWeight } from '../../plan/leave.ts';
import type { Stepping } from '../../situation.ts';

/**
 * Another writer gave the canary Deployment another template: earlier and future measurements of it say nothing about
 * this release. Traffic is taken off, the canary is recreated, and the release starts again without its earlier
 * measurements.
 */
export const canaryChanged: Rule<Stepping> = {
  name: 'canary-changed',
  decide(facts) {
    const { active, canary, rules } = facts;
    if (!canary.ours || !canary.ofRelease || canary.deployment?.deleting !== false || !isChanged(canary))
      return undefined;
    const sentence = `Someone changed the template of Deployment ${canary.name}: Sluice recreates the canary and starts the release again.`;
    const off = zeroWeight(facts);
    const { weightObservedAt, analysis } = active.status;
    // Deleted only after the status records that nothing is known: otherwise a crash could keep the old measurements.
    const forgotten = weightObservedAt === undefined && analysis === undefined;
    const serves = stillServes(facts);
    const away =
      forgotten && !serves
        ? [
            ...remove('delete the changed canary', RESOURCES.deployments, canary.deployment.object),
            ...event(facts, 'Warning', REASON.PreparingCanary, sentence),
          ]
        : [];
    const actions = off.length > 0 ? off : [...unresumed(active), ...away];
    const parts = {
      reason: REASON.PreparingCanary,
      sentence,
      actions,
      requeueAfterMs: serves ? POLL_MS : AT_ONCE,
    };
    return answerFor(facts, active, parts, {
      phase: 'Progressing',
      step: 0,
      ...askedIn(facts, ladderOf(rules.policy)[0]),
      stepStartedAt: new Date(facts.nowMs).toISOString(),
      weightObservedAt: undefined,
      pausedAt: undefined,
      analysis: undefined,
      verdict: undefined,
    });
  },
};

/** A human who resumed a step had seen another canary, so the answer is removed. */
function unresumed(release: Release): Action[] {
  if (release.metadata.annotations?.[ANNOTATION.resumedStep] === undefined) return [];
  const annotations = { [ANNOTATION.resumedStep]: null };
  return [patchRelease('forget that a human resumed a step', release, { annotations })];
}

/** A canary is made once and then only scaled, so all its ReplicaSets have one template. */
function isChanged({ deployment }: CanaryFacts): boolean {
  const [first, ...others] = deployment?.replicaSets ?? [];
  return first !== undefined && others.some(({ template }) => !templatesEqual(template, first.template));
}
