import { REASON } from '../../../api/reasons.ts';
import { stableAfter } from '../../facts/records.ts';
import type { Action, Answer, Rule, Snapshot } from '../../model.ts';
import { clearFailed, event, optional } from '../../actions.ts';
import { answerFor, AT_ONCE } from '../../answer.ts';
import { notes, planRelease } from '../../plan/plan.ts';
import { doubted, making } from '../../record/made.ts';
import { newRelease } from '../../record/record.ts';
import { cannotBegin } from '../../record/record-size.ts';
import { arrivedSkip } from '../../plan/skip.ts';
import { servesUnrecorded } from '../../plan/serving.ts';
import { turnedDown } from '../../plan/turned-down.ts';
import type { Idle } from '../../situation.ts';

/** A held template that has no Release yet: one is made, with everything by which it will be judged. */
export const newTemplate: Rule<Idle> = {
  name: 'new-template',
  decide(facts) {
    const { target, stable } = facts;
    if (stable.wanted || !target.paused || turnedDown(facts) !== undefined) return undefined;
    // The template is left from a hold that failed: `stableLost` handles it once its Release has ended. Or
    // `changeEscaped` records it.
    if ((facts.holdsNewest && stable.lost) || servesUnrecorded(facts)) return undefined;
    return doubted(facts) ?? begin(facts);
  },
};

function begin(facts: Idle): Answer {
  const { newest, target, stable } = facts;
  const record = stableAfter(newest).template;
  const tooLarge = cannotBegin(facts, target, { stable: record, canary: target.template });
  if (tooLarge !== undefined) return tooLarge;
  const plan = planRelease(facts);
  // If the server refused part of the dry run a moment ago, the Release is made unresolved, and the dry run is tried
  // again for it.
  const resolved =
    plan.ok && !plan.rehearsal.some((each) => wasRefused(facts.snapshot, each)) ? plan : undefined;
  const { annotations, told } = arrivedSkip(facts, target);
  const release = newRelease(
    target,
    {
      stable: { replicaSet: stable.replicaSetName, template: record },
      canary: { template: target.template },
      ...(resolved?.value ?? { policy: {}, analysis: [] }),
    },
    { annotations, beside: facts.snapshot },
  );
  const sentence = `A new template was seen at generation ${target.generation}; it is held.`;
  const actions = [
    ...optional(clearFailed(facts, target)),
    ...(resolved?.rehearsal ?? []),
    making(facts, 'record the release', release),
    ...event(facts, 'Normal', REASON.NewRevision, `Release ${release.metadata.name}: ${sentence}`),
    ...told,
    ...(resolved === undefined ? [] : notes(facts, release.metadata.name, resolved)),
  ];
  const parts = { reason: REASON.NewRevision, sentence, actions, requeueAfterMs: AT_ONCE };
  return answerFor(facts, release, parts, { targetGeneration: target.generation });
}

const wasRefused = (snapshot: Snapshot, action: Action): boolean =>
  action.do === 'write' && action.onRefusal?.name !== undefined && action.onRefusal.name in snapshot.refused;
