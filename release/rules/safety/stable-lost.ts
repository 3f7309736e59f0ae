import { REASON } from '../../../api/reasons.ts';
import type { Answer, Rule } from '../../model.ts';
import { event, rollOut } from '../../actions.ts';
import { NOTHING, type StatusChange } from '../../status/next.ts';
import { answer, answerFor, AT_ONCE } from '../../answer.ts';
import { zeroWeight } from '../../plan/leave.ts';
import { servesUnrecorded } from '../../plan/serving.ts';
import { setAside, tellTooLarge } from '../../plan/set-aside.ts';
import { turnedDown } from '../../plan/turned-down.ts';
import { ENDED } from '../../plan/withdraw.ts';
import type { Idle, Leaving, Starting, Stepping } from '../../situation.ts';

/**
 * While a change is held, pods run outside the stable ReplicaSet, or that is gone: one write sets the stable template
 * and un-pauses the target. The held template is kept on the Release and put back afterwards.
 */
export const stableLost: Rule<Idle | MidRelease> = {
  name: 'stable-lost',
  decide(facts) {
    const { target, stable } = facts;
    if (stable.foreign || !stable.lost || stable.wanted || !target.paused) return undefined;
    return facts.kind === 'Idle' ? afterwards(facts) : during(facts);
  },
};

type MidRelease = Starting | Stepping | Leaving;

const SENTENCE =
  'Pods of the held template ran, or the stable ReplicaSet is gone: the stable template is rolled out again.';

function afterwards(facts: Idle): Answer | undefined {
  const { newest, target, stable } = facts;
  // A template that has no Release yet gets one first, so that it is not lost.
  if ((!facts.holdsNewest && turnedDown(facts) === undefined) || servesUnrecorded(facts)) return undefined;
  const told = event(
    facts,
    'Warning',
    REASON.StableLost,
    `${SENTENCE} Release ${newest.metadata.name} stays ended.`,
  );
  const actions = [rollOut(target, stable.template), ...told];
  return answer({ reason: REASON.StableLost, sentence: SENTENCE, actions, requeueAfterMs: AT_ONCE });
}

function during(facts: MidRelease): Answer | undefined {
  const { active, target, stable } = facts;
  const leaving = facts.kind === 'Leaving';
  // Take traffic off first if pods of the tested template take over the stable Service's place anyway.
  if (leaving && facts.traffic?.zero === false) return undefined;
  const turnedDown = leaving && facts.holdsNewest;
  const aside = turnedDown ? [] : setAside(active, target.template);
  const actions = [
    ...aside,
    rollOut(target, stable.template),
    ...(turnedDown ? [] : tellTooLarge(facts, target)),
  ];
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
