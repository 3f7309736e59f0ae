import { ladderOf } from '../../../api/ladder.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { Step } from '../../../api/kinds/policy/step.ts';
import { REASON } from '../../../api/reasons.ts';
import { RESOURCES } from '../../../api/resources.ts';
import { templatesEqual } from '../../canary/index.ts';
import { phaseOf, wasTurnedDown } from '../../facts/records.ts';
import type { Action, Answer, LastRule } from '../../model.ts';
import { clearFailed, event, markFailed, optional, write } from '../../actions.ts';
import { answerFor, AT_ONCE, SLOW_MS } from '../../answer.ts';
import { askedIn } from '../../plan/asked.ts';
import { knownGood } from '../../plan/known-good.ts';
import { notes, planRelease, type Plan } from '../../plan/plan.ts';
import { promote, type Promotion } from '../../plan/promote.ts';
import { skippedBy } from '../../plan/skip.ts';
import type { Starting } from '../../situation.ts';

/**
 * A Release that has not begun: it is promoted without analysis if a rule says so, or is blocked, or its ladder begins.
 */
export const notBegun: LastRule<Starting> = {
  name: 'not-begun',
  decide(facts) {
    const { active } = facts;
    const free = withoutAnalysis(facts);
    if (free !== undefined) return promote(facts, active, free);
    if (active.spec.traffic !== undefined) return begin(facts);
    const plan = planRelease(facts);
    return plan.ok ? completed(facts, plan) : blocked(facts, plan);
  },
};

/** The rules that may promote without analysis, each with its own name. */
function withoutAnalysis(facts: Starting): Promotion | undefined {
  const { active } = facts;
  if (facts.target.replicas === 0 && !failedBefore(facts, facts.target.template)) {
    return {
      promotedFor: 'NoReplicas',
      reason: REASON.NoReplicas,
      sentence: 'The target is scaled to 0: the template is promoted without analysis.',
    };
  }
  const skipped = skippedBy(active);
  if (skipped !== undefined) {
    const sentence = `The template is promoted without analysis: ${skipped}`;
    return { promotedFor: 'Skip', reason: REASON.SkippedByAnnotation, sentence };
  }
  const known = knownGood(facts, active);
  if (known === undefined) return undefined;
  const sentence = `Back to the template of release ${known.metadata.name}, which was stable before.`;
  return { promotedFor: 'KnownGood', reason: REASON.KnownGood, sentence };
}

/** Was this template rejected, and not promoted since? */
function failedBefore(facts: Starting, template: JsonObject): boolean {
  const last = facts.releases
    .slice(1)
    .filter((release) => templatesEqual(release.spec.canary.template, template))
    .find((release) => wasTurnedDown(release) || phaseOf(release) === 'Promoted');
  return last !== undefined && wasTurnedDown(last);
}

function blocked(facts: Starting, plan: Extract<Plan, { ok: false }>): Answer {
  const { reason, sentence } = plan.objection;
  const { active, target } = facts;
  const signs = markFailed(facts, target, `blocked: ${sentence}`);
  const told = active.status?.phase === 'Blocked' && signs.length === 0;
  const actions: Action[] = [
    ...signs,
    ...(told ? [] : event(facts, 'Warning', 'Blocked', `Release ${active.metadata.name}: ${sentence}`)),
  ];
  const parts = { reason, sentence, actions, outcome: 'stalled' as const, requeueAfterMs: SLOW_MS };
  return answerFor(facts, active, parts, { phase: 'Blocked' });
}

/** The record is completed once nothing prevents the release any more; from then on it does not change. */
function completed(facts: Starting, plan: Extract<Plan, { ok: true }>): Answer {
  const { active } = facts;
  const { policy, analysis, traffic } = plan.value;
  const { name, namespace, resourceVersion } = active.metadata;
  const action = write('complete the record of the release', {
    verb: 'jsonPatch',
    ref: { resource: RESOURCES.releases, name, ...(namespace === undefined ? {} : { namespace }) },
    patch: [
      ...(resourceVersion === undefined
        ? []
        : [{ op: 'test' as const, path: '/metadata/resourceVersion', value: resourceVersion }]),
      { op: 'add', path: '/spec/policy', value: policy },
      { op: 'add', path: '/spec/analysis', value: analysis },
      { op: 'add', path: '/spec/traffic', value: traffic },
    ],
  });
  const sentence = 'The rules and the route of the release are recorded.';
  const actions = [...plan.rehearsal, action, ...notes(facts, name, plan)];
  const parts = { reason: REASON.NewRevision, sentence, actions, requeueAfterMs: AT_ONCE };
  return answerFor(facts, active, parts, { phase: 'Pending' });
}

function begin(facts: Starting): Answer {
  const { active, target, rules } = facts;
  const steps = ladderOf(rules.policy);
  const [first] = steps;
  const readable = rules.readable && facts.templates !== undefined;
  if (first === undefined || !readable) {
    const sentence =
      'spec of the Release: its policy or templates cannot be read; delete the Release to begin again.';
    return answerFor(
      facts,
      active,
      { reason: REASON.InvalidRelease, sentence, outcome: 'stalled' },
      { phase: 'Blocked' },
    );
  }
  const actions = optional(clearFailed(facts, target));
  const parts = {
    reason: REASON.PreparingCanary,
    sentence: `The release begins.${inPods(facts, steps)}`,
    actions,
    requeueAfterMs: AT_ONCE,
  };
  const stepStartedAt = new Date(facts.nowMs).toISOString();
  const change = {
    phase: 'Progressing' as const,
    step: 0,
    steps: steps.length,
    ...askedIn(facts, first),
    stepStartedAt,
  };
  return answerFor(facts, active, parts, change);
}

/** Says how many pods the steps become: without a router, not every weight is possible. */
function inPods({ traffic, target }: Starting, steps: readonly Step[]): string {
  const weights = steps.map(({ weight }) => weight);
  const become = traffic?.provider.steering.becomes(weights, target.replicas);
  return become === undefined ? '' : ` Beside ${target.replicas} stable pods ${become.sentence}.`;
}
