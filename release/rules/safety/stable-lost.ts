import type { JsonObject } from '../../../lib/json.ts';
import { ANNOTATION } from '../../../api/names.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Facts } from '../../facts/facts.ts';
import { phaseOf, setAsideOf } from '../../facts/records.ts';
import type { WorkloadFacts } from '../../facts/workload.ts';
import { LARGEST_TEMPLATE_KIB, templateKib, templatesEqual } from '../../canary/index.ts';
import type { Action, Answer } from '../../model.ts';
import { event, patchRelease, rollOut } from '../../actions.ts';
import { NOTHING, type StatusChange } from '../../status/next.ts';
import { answer, answerFor, AT_ONCE, type FactsRule } from '../../answer.ts';
import { zeroWeight } from '../../plan/leave.ts';
import { servesUnrecorded } from '../../plan/serving.ts';
import { turnedDown } from '../../plan/turned-down.ts';
import { ENDED } from '../exit/withdraw.ts';

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
  const actions = [...aside, rollOut(target, template), ...(turnedDown ? [] : tooLarge(facts, target))];
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

/** Remembers the held template on the Release; [] if it is there already, or too large: nothing may block the way back. */
export function setAside(release: Release, template: JsonObject): Action[] {
  if (templateKib(template) > LARGEST_TEMPLATE_KIB) return [];
  const known = setAsideOf(release);
  if (known !== undefined && templatesEqual(known, template)) return [];
  const annotations = { [ANNOTATION.setAside]: JSON.stringify(template) };
  return [patchRelease('remember the newer template', release, { annotations })];
}

/** Goes with the write that replaces a template which could not be remembered. */
export function tooLarge(facts: Facts, { template }: WorkloadFacts): Action[] {
  const kib = templateKib(template);
  if (kib <= LARGEST_TEMPLATE_KIB) return [];
  const sentence = `spec.template has ${kib} KiB, more than the ${LARGEST_TEMPLATE_KIB} that can be set aside: it is replaced and not put back; move long values into a ConfigMap and apply it again.`;
  return event(facts, 'Warning', REASON.StableLost, sentence);
}
