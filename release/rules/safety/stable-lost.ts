import type { JsonObject } from '../../../lib/json.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Facts } from '../../facts/facts.ts';
import { phaseOf } from '../../facts/records.ts';
import type { WorkloadFacts } from '../../facts/workload.ts';
import type { Answer } from '../../model.ts';
import { event, rollOut } from '../../actions.ts';
import { NOTHING, type StatusChange } from '../../status/next.ts';
import { answer, answerFor, AT_ONCE, type FactsRule } from '../../answer.ts';
import { zeroWeight } from '../../plan/leave.ts';
import { servesUnrecorded } from '../../plan/serving.ts';
import { setAside, tellTooLarge } from '../../plan/set-aside.ts';
import { turnedDown } from '../../plan/turned-down.ts';
import { ENDED } from '../../plan/withdraw.ts';

/**
 * While a change is held, pods run outside the stable ReplicaSet, or that is gone: one write sets the stable template
 * and lets it roll out. The held template is kept on the Release and put back afterwards.
 */
export const stableLost: FactsRule = {
  name: 'stable-lost',
  decide(facts) {
    const { target, stable, active, newest } = facts;
    if (target === undefined || stable === undefined || newest === undefined) return undefined;
    if (stable.foreign || !stable.lost || stable.wanted || !target.paused) return undefined;
    if (active === undefined) return afterwards(facts, newest, { target, template: stable.template });
    if (phaseOf(active) === 'Promoting') return undefined;
    return during(facts, active, { target, template: stable.template });
  },
};

interface Restored {
  target: WorkloadFacts;
  template: JsonObject;
}

const SENTENCE =
  'Pods of the held template ran, or the stable ReplicaSet is gone: the stable template is rolled out again.';

function afterwards(facts: Facts, newest: Release, { target, template }: Restored): Answer | undefined {
  // A template that has no Release yet gets one first, so that it is not lost.
  if ((!facts.holdsNewest && turnedDown(facts) === undefined) || servesUnrecorded(facts)) return undefined;
  const told = event(
    facts,
    'Warning',
    REASON.StableLost,
    `${SENTENCE} Release ${newest.metadata.name} stays ended.`,
  );
  const actions = [rollOut(target, template), ...told];
  return answer({ reason: REASON.StableLost, sentence: SENTENCE, actions, requeueAfterMs: AT_ONCE });
}

function during(facts: Facts, active: Release, { target, template }: Restored): Answer | undefined {
  const leaving = phaseOf(active) === 'RollingBack';
  // Traffic first where pods of the tested template take over the stable Service's place anyway.
  if (leaving && facts.traffic?.zero === false) return undefined;
  const turnedDown = leaving && facts.holdsNewest;
  const aside = turnedDown ? [] : setAside(active, target.template);
  const actions = [...aside, rollOut(target, template), ...(turnedDown ? [] : tellTooLarge(facts, target))];
  const parts = { reason: REASON.StableLost, sentence: SENTENCE, actions, requeueAfterMs: AT_ONCE };
  if (leaving) {
    return answerFor(facts, active, parts, {
      reason: active.status?.reason,
      message: active.status?.message,
    });
  }
  const begun: StatusChange = {
    phase: 'RollingBack',
    withdrawal: ENDED,
    ...NOTHING,
    stepStartedAt: new Date(facts.nowMs).toISOString(),
    drainStartedAt: undefined,
  };
  return answerFor(facts, active, { ...parts, actions: [...actions, ...zeroWeight(facts)] }, begun);
}
