import { REASON } from '../../../api/reasons.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import { stableAfter, type StableRecord } from '../../facts/records.ts';
import { ofTemplate, servingAlone, type ReplicaSetFacts, type WorkloadFacts } from '../../facts/workload.ts';
import type { Answer, Rule } from '../../model.ts';
import { pause } from '../../actions.ts';
import { answer, AT_ONCE } from '../../answer.ts';
import { inProgress } from '../../plan/first-version.ts';
import { record, type Recording } from '../../record/record.ts';
import { notHeld } from '../../record/record-size.ts';
import type { Idle } from '../../situation.ts';

/**
 * The target has another template than the stable one, and it is not held: it is paused, and what rolled out is
 * recorded as escaped.
 */
export const changeEscaped: Rule<Idle> = {
  name: 'change-escaped',
  decide: (facts) => (facts.stable.wanted ? undefined : escaped(facts)),
};

function servingPresent(
  target: WorkloadFacts,
  present: ReplicaSetFacts | undefined,
): ReplicaSetFacts | undefined {
  const serving = servingAlone(target);
  return serving === present ? serving : undefined;
}

const recorded = (facts: Idle, recording: Recording & { before: StableRecord }): Answer =>
  notHeld(facts, facts.target, { stable: recording.before.template, canary: facts.target.template }) ??
  record(facts, facts.target, recording);

/** The target had opted out during a release and is back. */
const isBack = ({ status }: Release): boolean => status?.withdrawal?.by === 'OptOut';

function escaped(facts: Idle): Answer | undefined {
  const { newest, target } = facts;
  const present = ofTemplate(target, target.template);
  const alone = target.observed ? servingPresent(target, present) : undefined;
  if (target.paused && alone === undefined) return undefined;
  // Wait first for the end of a native rollout that began while the target had opted out.
  if (isBack(newest) && alone === undefined && !target.paused) return inProgress(target);
  const before = stableAfter(newest);
  // The template serves already, and admission holds the next change.
  const open = alone?.active === true && facts.snapshot.config.hold === 'admission';
  const first = target.paused || open ? [] : [pause(facts, target)];
  if (present?.active === true) return recorded(facts, { as: 'Escaped', serving: alone, before, first });
  const sentence = 'The target is paused, so that its new template is held.';
  return answer({ reason: REASON.Holding, sentence, actions: first, requeueAfterMs: AT_ONCE });
}
