import type { PromotedFor } from '../../../api/kinds/release/status.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Facts } from '../../facts/facts.ts';
import { phaseOf } from '../../facts/records.ts';
import { stableBroken } from '../../facts/unavailable.ts';
import { condition, ofTemplate, rolloutComplete, type WorkloadFacts } from '../../facts/workload.ts';
import type { Answer } from '../../model.ts';
import { NOTHING, type StatusChange } from '../../status/next.ts';
import { clearFailed, event, optional, pause, rollOut, unpause, urgent } from '../../actions.ts';
import { answerFor, AT_ONCE, POLL_MS, type FactsRule } from '../../answer.ts';
import { canaryFailure } from '../../plan/canary-failure.ts';
import { following } from '../../plan/following.ts';
import { leave, zeroWeight } from '../../plan/leave.ts';
import { judged } from '../../live/judged.ts';
import { skippedBy } from '../../plan/skip.ts';
import { setAside, tellTooLarge } from '../../plan/set-aside.ts';
import { liveStep } from '../../step/stage.ts';
import { withdraw } from '../../plan/withdraw.ts';

/**
 * Promotion: un-pause with the weight unchanged → native rolling update complete → weight 0 and everything after it
 * (`leave`) → pause again (in pause mode) → Promoted.
 */
export const promoting: FactsRule = {
  name: 'promoting',
  decide(facts) {
    const { active, target } = facts;
    if (active === undefined || target === undefined || phaseOf(active) !== 'Promoting') return undefined;
    if (!facts.holdsNewest) return frozen(facts, active, target);
    const withdrawn = orderGone(facts, active, target);
    if (withdrawn !== undefined) return withdrawn;
    if (rolloutComplete(target)) return finishing(facts, active, target);
    return failed(facts, active, target) ?? recorded(facts, active) ?? rollingOut(facts, active, target);
  },
};

/** The reason of the promotion stays; the message says what is being done. */
const keep = (release: Release): StatusChange => ({ reason: release.status?.reason });

/**
 * A promotion without proof is due only while what ordered it is still so. It was recorded in an earlier pass, perhaps
 * long ago by a process that died before it could un-pause the target.
 */
function orderGone(facts: Facts, active: Release, target: WorkloadFacts): Answer | undefined {
  const { promotedFor, promotionStartedAt, step = -1 } = active.status ?? {};
  if (!target.paused || promotionStartedAt !== undefined) return undefined;
  const gone =
    promotedFor === undefined ||
    (promotedFor === 'NoReplicas' && target.replicas > 0) ||
    (promotedFor === 'StableUnavailable' && !stableBroken(facts, active)) ||
    (promotedFor === 'Order' && active.spec.intent !== 'Promote');
  if (!gone) return undefined;
  const sentence = 'The reason to promote without analysis no longer holds; nothing was rolled out.';
  const parts = { reason: REASON.NewRevision, sentence, requeueAfterMs: AT_ONCE };
  return answerFor(facts, active, parts, {
    phase: step < 0 ? 'Pending' : 'Progressing',
    promotedFor: undefined,
  });
}

/** A newer template arrived: weight 0, the newer one is set aside, and the proven one is finished first. */
function frozen(facts: Facts, active: Release, target: WorkloadFacts): Answer {
  const { template } = active.spec.canary;
  const freeze = target.paused ? [] : urgent([pause(facts, target)]);
  const actions = [...freeze, ...zeroWeight(facts), ...setAside(active, target.template)];
  const sentence = 'A newer template arrived during promotion: it is set aside until this one serves alone.';
  const parts = { reason: REASON.PreviousReleaseEnding, sentence, requeueAfterMs: AT_ONCE };
  const change = { ...keep(active), ...NOTHING };
  if (actions.length > 0) return answerFor(facts, active, { ...parts, actions }, change);
  return answerFor(
    facts,
    active,
    { ...parts, actions: [rollOut(target, template), ...tellTooLarge(facts, target)] },
    { ...change, ...begun(facts, active) },
  );
}

function begun(facts: Facts, active: Release): StatusChange {
  return { promotionStartedAt: active.status?.promotionStartedAt ?? new Date(facts.nowMs).toISOString() };
}

function rollingOut(facts: Facts, active: Release, target: WorkloadFacts): Answer {
  const sentence = 'The target rolls out the new template; the weight stays until it is complete.';
  const parts = { reason: REASON.PromotionInProgress, sentence, requeueAfterMs: POLL_MS };
  // Paused and not observed yet: it may be the pause at the very end, of which only the record was lost.
  const begin = target.paused && target.observed ? [...clearFailed(facts, target), unpause(target)] : [];
  // The canary keeps its traffic to the end of the rolling update.
  const follow = facts.canary.ofRelease ? optional(following(facts, active).actions) : [];
  const actions = [...begin, ...follow];
  return answerFor(facts, active, { ...parts, actions }, { ...keep(active), ...begun(facts, active) });
}

/** The canary is judged as long as anything goes to it (`harmed`); what was judged without harm is recorded by itself. */
function recorded(facts: Facts, active: Release): Answer | undefined {
  const s = liveStep(facts);
  const known = s && judged(s);
  if (known === undefined) return undefined;
  const { analysis, verdict } = known.status;
  const harm = verdict?.result === 'fail' ? verdict : undefined;
  const said = harm?.sentence ?? 'no harm was shown';
  const sentence = `The target rolls out the new template; a window was judged meanwhile: ${said}`;
  const told =
    harm !== undefined && active.status?.verdict?.result !== 'fail'
      ? event(
          facts,
          'Warning',
          harm.reason,
          `${harm.sentence}; a human ordered the promotion, so it goes on.`,
        )
      : [];
  const parts = { reason: REASON.PromotionInProgress, sentence, actions: told, requeueAfterMs: AT_ONCE };
  return answerFor(facts, active, parts, {
    ...keep(active),
    analysis,
    ...(harm === undefined ? {} : { verdict: harm }),
  });
}

function failed(facts: Facts, active: Release, target: WorkloadFacts): Answer | undefined {
  const canary = canaryFailure(facts);
  if (canary !== undefined) return withdraw(facts, active, canary);
  if (target.paused) return undefined;
  const progressing = condition(target.object, 'Progressing');
  // The native deadline runs anew with every pod that gets ready, so a big target may take its time.
  if (!target.observed || progressing?.reason !== 'ProgressDeadlineExceeded') return undefined;
  const sentence = 'The rolling update of the promotion made no progress within progressDeadlineSeconds.';
  return withdraw(facts, active, { reason: REASON.ProgressDeadlineExceeded, sentence });
}

function finishing(facts: Facts, active: Release, target: WorkloadFacts): Answer {
  const left = leave(facts, active, keep(active));
  if (left !== undefined) return left;
  const { name } = active.metadata;
  const sentence = ending(active);
  const { promotedFor, reason: ordered = REASON.Promoted } = active.status ?? {};
  const reason = promotedFor === 'Analysis' ? REASON.Promoted : ordered;
  const byAdmission = facts.snapshot.config.hold === 'admission';
  const actions = [
    ...(target.paused || byAdmission ? [] : [pause(facts, target)]),
    ...event(facts, 'Normal', 'Promoted', `Release ${name}: ${sentence}`),
  ];
  const replicaSet = ofTemplate(target, target.template)?.name;
  const parts = { reason, sentence, actions, outcome: 'done' as const, requeueAfterMs: AT_ONCE };
  return answerFor(facts, active, parts, { phase: 'Promoted', ...NOTHING, replicaSet });
}

const WITHOUT_ANALYSIS: Record<Exclude<PromotedFor, 'Analysis' | 'Skip'>, string> = {
  FirstVersion: 'it is the first',
  KnownGood: 'it was stable before',
  NoReplicas: 'the target is scaled to 0',
  StableUnavailable: 'no stable pod was available',
  Order: 'a human ordered it',
  Answer: 'a human let its last step go on',
  Inconclusive: 'the policy promotes without a conclusion',
};

function whyWithout(release: Release): string | undefined {
  const { promotedFor = 'Analysis' } = release.status ?? {};
  if (promotedFor === 'Analysis') return undefined;
  return promotedFor === 'Skip' ? skippedBy(release) : WITHOUT_ANALYSIS[promotedFor];
}

function ending(release: Release): string {
  const why = whyWithout(release);
  return why === undefined
    ? 'Every step passed and the target runs the new template.'
    : `The target runs the new template without a complete analysis: ${why}.`;
}
