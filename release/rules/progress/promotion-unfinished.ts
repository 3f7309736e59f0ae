import type { PromotedFor } from '../../../api/kinds/release/status.ts';
import type { Release } from '../../../api/kinds/release/release.ts';
import { REASON } from '../../../api/reasons.ts';
import { stableBroken } from '../../facts/unavailable.ts';
import { condition, ofTemplate, rolloutComplete } from '../../facts/workload.ts';
import type { Answer, LastRule } from '../../model.ts';
import { NOTHING, type StatusChange } from '../../status/next.ts';
import { clearFailed, event, optional, pause, rollOut, unpause, urgent } from '../../actions.ts';
import { answerFor, AT_ONCE, POLL_MS } from '../../answer.ts';
import { canaryFailure } from '../../plan/canary-failure.ts';
import { following } from '../../plan/following.ts';
import { leave, zeroWeight } from '../../plan/leave.ts';
import { judged } from '../../live/judged.ts';
import { skippedBy } from '../../plan/skip.ts';
import { setAside, tellTooLarge } from '../../plan/set-aside.ts';
import { stepFacts } from '../../step/stage.ts';
import { withdraw } from '../../plan/withdraw.ts';
import type { Promoting } from '../../situation.ts';

/**
 * Promotion: un-pause with the weight unchanged → native rolling update complete → weight 0 and everything after it
 * (`leave`) → pause again (in pause mode) → Promoted.
 */
export const promotionUnfinished: LastRule<Promoting> = {
  name: 'promotion-unfinished',
  decide(facts) {
    if (!facts.holdsNewest) return frozen(facts);
    const withdrawn = orderGone(facts);
    if (withdrawn !== undefined) return withdrawn;
    if (rolloutComplete(facts.target)) return finishing(facts);
    return failed(facts) ?? recorded(facts) ?? rollingOut(facts);
  },
};

/** The reason of the promotion stays; the message says what is being done. */
const keep = ({ active }: Promoting): StatusChange => ({ reason: active.status.reason });

/**
 * A promotion without proof is due only while its order still holds. The order was recorded in an earlier pass, perhaps
 * long ago by a process that ended before it could un-pause the target.
 */
function orderGone(facts: Promoting): Answer | undefined {
  const { active, target } = facts;
  const { promotedFor, promotionStartedAt, step } = active.status;
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

/**
 * A newer template arrived: weight 0, the newer one is set aside, and the promotion of the proven one is finished
 * first.
 */
function frozen(facts: Promoting): Answer {
  const { active, target } = facts;
  const { template } = active.spec.canary;
  const freeze = target.paused ? [] : urgent([pause(facts, target)]);
  const actions = [...freeze, ...zeroWeight(facts), ...setAside(active, target.template)];
  const sentence = 'A newer template arrived during promotion: it is set aside until this one serves alone.';
  const parts = { reason: REASON.PreviousReleaseEnding, sentence, requeueAfterMs: AT_ONCE };
  const change = { ...keep(facts), ...NOTHING };
  if (actions.length > 0) return answerFor(facts, active, { ...parts, actions }, change);
  return answerFor(
    facts,
    active,
    { ...parts, actions: [rollOut(target, template), ...tellTooLarge(facts, target)] },
    { ...change, ...begun(facts) },
  );
}

function begun({ active, nowMs }: Promoting): StatusChange {
  return { promotionStartedAt: active.status.promotionStartedAt ?? new Date(nowMs).toISOString() };
}

function rollingOut(facts: Promoting): Answer {
  const { active, target } = facts;
  const sentence = 'The target rolls out the new template; the weight stays until it is complete.';
  const parts = { reason: REASON.PromotionInProgress, sentence, requeueAfterMs: POLL_MS };
  // Paused and not observed yet: this may be the pause at the very end, whose record was lost.
  const begin = target.paused && target.observed ? [...clearFailed(facts, target), unpause(target)] : [];
  // The canary keeps its traffic to the end of the rolling update.
  const follow = facts.canary.ofRelease ? optional(following(facts, active).actions) : [];
  const actions = [...begin, ...follow];
  return answerFor(facts, active, { ...parts, actions }, { ...keep(facts), ...begun(facts) });
}

/** The canary is judged while anything goes to it (`harmShown`); a judgement without harm is recorded here. */
function recorded(facts: Promoting): Answer | undefined {
  const { active } = facts;
  const s = stepFacts(facts, active);
  const known = s && judged(s);
  if (known === undefined) return undefined;
  const { analysis, verdict } = known.status;
  const harm = verdict?.result === 'fail' ? verdict : undefined;
  const said = harm?.sentence ?? 'no harm was shown';
  const sentence = `The target rolls out the new template; a window was judged meanwhile: ${said}`;
  const told =
    harm !== undefined && active.status.verdict?.result !== 'fail'
      ? event(
          facts,
          'Warning',
          harm.reason,
          `${harm.sentence}; a human ordered the promotion, so it continues.`,
        )
      : [];
  const parts = { reason: REASON.PromotionInProgress, sentence, actions: told, requeueAfterMs: AT_ONCE };
  return answerFor(facts, active, parts, {
    ...keep(facts),
    analysis,
    ...(harm === undefined ? {} : { verdict: harm }),
  });
}

function failed(facts: Promoting): Answer | undefined {
  const { active, target } = facts;
  const canary = canaryFailure(facts, active);
  if (canary !== undefined) return withdraw(facts, active, canary);
  if (target.paused) return undefined;
  const progressing = condition(target.object, 'Progressing');
  // The native deadline starts again with every pod that becomes ready, so a large target may take its time.
  if (!target.observed || progressing?.reason !== 'ProgressDeadlineExceeded') return undefined;
  const sentence = 'The rolling update of the promotion made no progress within progressDeadlineSeconds.';
  return withdraw(facts, active, { reason: REASON.ProgressDeadlineExceeded, sentence });
}

function finishing(facts: Promoting): Answer {
  const { active, target } = facts;
  const left = leave(facts, active, keep(facts));
  if (left !== undefined) return left;
  const { name } = active.metadata;
  const sentence = ending(active);
  const { promotedFor, reason: ordered } = active.status;
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
  Answer: 'a human resumed its last step',
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
