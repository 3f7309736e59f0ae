import { ANNOTATION } from '../../../api/names.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import { phaseOf } from '../../facts/records.ts';
import { timeOf } from '../../facts/workload.ts';
import type { Answer, Rule } from '../../model.ts';
import { event, markFailed, rollOut } from '../../actions.ts';
import { answer, answerFor, AT_ONCE } from '../../answer.ts';
import { restartedBehind } from '../../plan/restart.ts';
import { servesUnrecorded } from '../../plan/serving.ts';
import { turnedDown } from '../../plan/turned-down.ts';
import type { Idle } from '../../situation.ts';

const REVERT_AFTER_MS = 60_000;

/**
 * The target has a template that failed or was aborted: it stays held and shown as failed, and is not tried again by
 * itself.
 */
export const templateTurnedDown: Rule<Idle> = {
  name: 'template-turned-down',
  decide(facts) {
    const { target, stable } = facts;
    if (stable.wanted) return undefined;
    const release = target.paused && !servesUnrecorded(facts) ? turnedDown(facts) : undefined;
    return release === undefined
      ? undefined
      : (ordered(facts) ?? revert(facts, release) ?? restartedBehind(facts, target) ?? stay(facts, release));
  },
};

/** A human ordered the target back to the stable template. */
function ordered(facts: Idle): Answer | undefined {
  const { newest, target, stable } = facts;
  if (newest.metadata.annotations?.[ANNOTATION.revert] === undefined) return undefined;
  const sentence = 'A human reverted the target to the stable template.';
  const told = event(facts, 'Normal', REASON.RevertedByHuman, sentence);
  const actions = [rollOut(target, stable.template), ...told];
  return answer({ reason: REASON.RevertedByHuman, sentence, actions, requeueAfterMs: AT_ONCE });
}

/** With onFailure: revert, writes the stable template back once native tools have had time to see the failure. */
function revert(facts: Idle, release: Release): Answer | undefined {
  const { target, stable, rules } = facts;
  const wanted =
    rules.policy.onFailure === 'revert' && phaseOf(release) === 'RolledBack' && release === facts.newest;
  if (!wanted) return undefined;
  const restMs = timeOf(release.status?.endedAt, facts.nowMs) + REVERT_AFTER_MS - facts.nowMs;
  if (restMs > 0) return { ...stay(facts, release), requeueAfterMs: restMs };
  const sentence = 'The policy says onFailure: revert: the stable template is written back.';
  const actions = [rollOut(target, stable.template)];
  return answer({ reason: REASON.RevertedByPolicy, sentence, actions, requeueAfterMs: AT_ONCE });
}

function stay(facts: Idle, release: Release): Answer {
  const { target } = facts;
  const { name } = release.metadata;
  const why = release.status?.message ?? '';
  const sentence =
    release === facts.newest
      ? `The template of release ${name} is held: ${why}`
      : `Release ${name} rejected this template (${why}); change it, or try it again with "sluice retry deployment/${target.name}".`;
  const shown = release === facts.newest ? why : sentence;
  const parts = {
    reason: REASON.FailedBefore,
    sentence,
    actions: markFailed(facts, target, shown),
    outcome: 'stalled' as const,
  };
  if (release !== facts.newest || release.status?.targetGeneration === target.generation)
    return answer(parts);
  return answerFor(facts, release, parts, {
    reason: release.status?.reason,
    message: why,
    decisions: release.status?.decisions,
  });
}
