import { BREAKDOWN } from './breakdown.ts';
import { listBy } from '../../../lib/schema/scalars.ts';
import type { Infer } from '../../../lib/schema/schema.ts';
import {
  VERSION,
  choice,
  flag,
  integer,
  listOf,
  may,
  must,
  name,
  number,
  numbers,
  percent,
  percentOrNull,
  record,
  sentence,
  text,
  time,
} from './record.ts';
import { ANALYSIS_STATE, reason, reasonIn, VERDICT } from './verdict.ts';

export const PHASES = [
  'Pending',
  'Progressing',
  'Waiting',
  'Promoting',
  'Promoted',
  'RollingBack',
  'RolledBack',
  'Superseded',
  'Aborted',
  'Escaped',
  'Blocked',
] as const;
export type Phase = (typeof PHASES)[number];

/** What the counts of requests can say about a split: constants of api/reasons.ts. */
export const SHARE_REASONS = [
  'TrafficShareVerified',
  'TrafficShareUnverified',
  'TrafficShareTooLow',
  'TrafficShareNone',
  'TrafficShareTooHigh',
] as const;

const CONDITION = record({
  type: must(text(316), 'Ready, Stalled, Reconciling and others.'),
  status: must(choice(['True', 'False', 'Unknown']), 'Does it hold?'),
  reason: must(reasonIn(text(1024, { minLength: 1 })), 'Why, one word.'),
  message: must(sentence, 'Why, for people.'),
  lastTransitionTime: must(time, 'When its status last changed.'),
  observedGeneration: must(integer('int64', 0), 'Generation of the Release it was made of.'),
});
export type Condition = Infer<typeof CONDITION>;

const DECISION = record({
  time: must(time, 'When.'),
  reason: must(reason, 'Why, one word.'),
  sentence: must(sentence, 'Why, for people.'),
  numbers: may(numbers(), 'The numbers behind it.'),
});
/** One line of the bounded decision log. */
export type DecisionRecord = Infer<typeof DECISION>;

const SHARE = record({
  version: must(VERSION, 'Of this layout.'),
  since: must(time, 'weightObservedAt of the weight.'),
  wanted: must(percent, 'Percent that should go to the canary.'),
  canary: must(number({ minimum: 0 }), 'Requests to the canary since then.'),
  stable: must(number({ minimum: 0 }), 'Requests to the stable version since then.'),
  reason: must(choice(SHARE_REASONS), 'What they say, one word.'),
  sentence: must(sentence, 'The same for people.'),
});
/** Requests of both arms since a weight was observed, and what they say about the split. */
export type TrafficShare = Infer<typeof SHARE>;

const CLOCK = record({
  name: must(
    choice(['blind', 'unconfirmed']),
    'blind: no data are judged; unconfirmed: the back end has not confirmed the weight.',
  ),
  since: must(time, 'When it began.'),
  until: must(time, 'When it runs out.'),
});
/** Bounds how long the canary keeps its traffic while the judge cannot do its work: when it runs out, the canary loses it. */
export type BoundedClock = Infer<typeof CLOCK>;

/**
 * Why a weight may be withheld: data are missing, the back end does not confirm it, someone else keeps changing it, what
 * the release stored cannot be read.
 */
export const WITHHELD_FOR = [
  'DataMissing',
  'RouteRejected',
  'RouteContested',
  'StateUnreadable',
  'HarmSuspected',
] as const;
export type WithheldFor = (typeof WITHHELD_FOR)[number];

const WITHHELD = record({
  reason: must(choice(WITHHELD_FOR), 'Why, one word.'),
  since: must(time, 'Since when.'),
});
/** Why the canary gets nothing although its step wants some for it. */
export type Withheld = Infer<typeof WITHHELD>;

/**
 * What a release is promoted for. Analysis: every step passed. All others skip the rest of the analysis: the first
 * version of a target; no replicas; the annotation sluice.dev/skip; a template that was stable before; no stable pod is
 * available; a human ordered the promotion, or resumed the last step; the policy promotes without a conclusion.
 */
export const PROMOTED_FOR = [
  'Analysis',
  'FirstVersion',
  'NoReplicas',
  'Skip',
  'KnownGood',
  'StableUnavailable',
  'Order',
  'Answer',
  'Inconclusive',
] as const;
export type PromotedFor = (typeof PROMOTED_FOR)[number];

export const WITHDRAWN_ENDS = ['RolledBack', 'Aborted', 'Superseded', 'Escaped'] as const;

const WITHDRAWAL = record({
  endsAs: must(choice(WITHDRAWN_ENDS), 'The phase it ends in.'),
  turnedDown: must(flag, 'The template stays held and is not tried again by itself.'),
  by: may(
    choice(['Author', 'OptOut']),
    'Who wanted it, where that matters later. Author: of the template; OptOut: the target left Sluice, and may roll out natively.',
  ),
});
/** How a release ends that is taken back; written when that begins, and kept to the end. */
export type Withdrawal = Infer<typeof WITHDRAWAL>;

/**
 * What a Waiting release waits for, where that decides how it continues. Answer: a human's answer to what the step asks;
 * Replicas: the target is scaled to 0; Pods: the cluster accepts no canary pods.
 */
export const WAITS_FOR = ['Answer', 'Replicas', 'Pods'] as const;

const STABLE_UNAVAILABLE = record({
  since: must(
    time,
    'Since when the controller sees it so, by its own clock; after a minute it counts as broken.',
  ),
  changedAt: must(
    time,
    'The newest change to what says so, by the clock of the API server; a newer one means that a pod was ready in between.',
  ),
});
/** Stable has no available pod. */
export type StableUnavailable = Infer<typeof STABLE_UNAVAILABLE>;

/** A map that only grows by crashes of canary containers; the guard has decided long before there are so many. */
export const MOST_CRASHED = 64;

const CRASHES = record({
  count: must(
    integer('int32', 0),
    'How often a container of a canary pod ended by itself while requests went to the canary.',
  ),
  at: may(time, 'When the controller saw the newest of them.'),
  what: may(sentence, 'The newest of them, for people: container, pod, how it ended.'),
  seen: must(
    numbers({ maxProperties: MOST_CRASHED, minimum: 0 }),
    'By pod/container: how many ends have been looked at, those before the first request among them.',
  ),
});
/** Containers of canary pods that ended by themselves in this release. */
export type Crashes = Infer<typeof CRASHES>;

const TROUBLE = record({
  since: must(time, 'Since when.'),
  needsHuman: must(flag, 'Only a human can remove it.'),
  phase: must({ ...choice(PHASES), shape: { type: 'string', maxLength: 32 } }, 'The phase without it.'),
  reason: must(reason, 'The reason without it.'),
  message: must(sentence, 'The message without it.'),
});
/** Shown instead of the release's own phase, reason and message, which are put back once the trouble is gone. */
export type Trouble = Infer<typeof TROUBLE>;

export const RELEASE_STATUS = record({
  observedGeneration: must(integer('int64', 0), 'Generation of the Release that was last looked at.'),
  phase: must(choice(PHASES), 'Where the release stands.'),
  reason: must(reasonIn(text(128, { pattern: '^[A-Za-z]+$' })), 'Why, one word.'),
  message: must(sentence, 'Why, for people.'),
  step: must(integer('int32', -1), 'Index of the present step; -1 before the first.'),
  steps: must(integer('int32', 0), 'How many steps strategy and mirror make of the policy.'),
  stepOf: may(text(32), 'The present step for people, counted from 1, like 2/3; absent before the first.'),
  weight: must(percent, 'Percent wanted now.'),
  mirror: may(percent, 'Percent of requests whose copies are wanted at the canary now; absent: 0.'),
  matching: may(flag, 'Requests that match are wanted at the canary now; absent: no.'),
  observedWeight: may(percentOrNull, 'Percent read back from the route; null while it cannot be read.'),
  observedMirror: may(percent, 'Percent of requests that are copied, as read back; absent: 0.'),
  observedMatching: may(flag, 'Requests that match go to the canary, as read back; absent: no.'),
  exposedAt: may(time, 'Since when requests may go to the canary without a break; absent: none do.'),
  stepExposedAt: may(
    time,
    'When what this step wants was first seen in the route: maxDuration runs from then on, whatever interrupts the step.',
  ),
  weightWrittenAt: may(
    time,
    'When the route first showed what this step wants, or wants again; the back end has two minutes to confirm it.',
  ),
  weightObservedAt: may(
    time,
    'When what this step wants of the route was first observed; absent until then.',
  ),
  clocks: may(
    listOf(CLOCK, 4),
    'The bounded clocks that run now; the canary loses its traffic at their end.',
  ),
  promotedFor: may(choice(PROMOTED_FOR), 'What the release is promoted for; absent: not to be promoted.'),
  withdrawal: may(WITHDRAWAL, 'How a release that is taken back ends; absent: it is not taken back.'),
  waitsFor: may(
    choice(WAITS_FOR),
    'What the newest decision waits for, where that decides how the release continues: an answer of a human, replicas of the target, pods that the cluster does not accept.',
  ),
  losses: may(
    integer('int32', 1),
    'How often the canary lost its last ready pod while traffic went to it; absent: never.',
  ),
  crashes: may(CRASHES, 'Containers of canary pods that ended by themselves; absent: none did.'),
  withheld: may(WITHHELD, 'The canary gets nothing until what is named here has passed.'),
  interruptions: may(
    numbers({ maxProperties: 16, minimum: 0 }),
    'How often the weight was withheld, by its reason; cleared when a human resumes the release.',
  ),
  stepStartedAt: may(
    time,
    'When the present stage of a step, or of the way out, began: each may take only so long.',
  ),
  pausedAt: may(time, 'When the step passed and its pause of a policy began.'),
  drainStartedAt: may(time, 'When weight 0 was first observed at the end of a release: start of the drain.'),
  canaryReplicas: may(integer('int32', 0), 'Pods of the canary that are wanted.'),
  targetGeneration: may(
    integer('int64', 0),
    "Newest generation of the target at which its template was seen to be this release's.",
  ),
  replicaSet: may(
    name,
    'ReplicaSet that serves after this release; set when a new template became stable (Promoted, Escaped).',
  ),
  promotionStartedAt: may(time, "When the target first began to roll out this release's template."),
  stableUnavailable: may(
    STABLE_UNAVAILABLE,
    'Stable has no available pod; absent: a pod is available, or the target is scaled to 0.',
  ),
  reasserted: may(
    integer('int32', 0),
    'How often this release wrote its weight again after someone else had changed it.',
  ),
  reassertedAt: may(
    listOf(time, 16),
    'When that was, newest last; those of the last ten minutes count against the limit.',
  ),
  analysis: may(
    ANALYSIS_STATE,
    'Running statistics of each metric; a restarted controller continues from here.',
  ),
  verdict: may(VERDICT, 'The newest verdict over all metrics.'),
  breakdown: may(
    listOf(BREAKDOWN, 8),
    'After a failed verdict: which values of a label explain it, for each failed metric that names one. Absent: none does, or the release ended before the answer came.',
  ),
  share: may(SHARE, 'Does the data plane do what the route says? Of the step it was last counted in.'),
  trouble: may(
    TROUBLE,
    'While Sluice cannot make its next write, phase, reason and message tell that; here is what they are otherwise.',
  ),
  conditions: must(listBy('type', listOf(CONDITION, 20)), 'For kubectl wait, Flux and Argo CD.'),
  decisions: must(listOf(DECISION, 200), 'What was decided, when and why; the first one and the newest.'),
  startedAt: must(time, 'When the release began.'),
  endedAt: may(time, 'When it ended.'),
});

type Stored = Infer<typeof RELEASE_STATUS>;

/** In a status that was read, `observedWeight` is always present: null where the weight cannot be read. */
export type ReleaseStatus = Omit<Stored, 'observedWeight'> & { observedWeight: number | null };
