import type { Reason } from './reasons.ts';
import type { AnalysisState, Verdict } from './analysis.ts';
import type { ObjectMeta } from './kube.ts';
import type { JsonObject } from '../lib/json.ts';

/** Release: one attempt to deliver one revision. Also the audit trail: from it alone one can say why. */
export type Phase =
  | 'Pending'
  | 'Progressing'
  | 'Waiting'
  | 'Promoting'
  | 'Promoted'
  | 'RollingBack'
  | 'RolledBack'
  | 'Superseded'
  | 'Aborted'
  | 'Escaped'
  | 'Blocked';

export type Intent = 'Auto' | 'Pause' | 'Promote' | 'Abort';

/** A record, written once at creation; only `intent` may change afterwards. */
export interface ReleaseSpec {
  target: { name: string; uid: string };
  /** what served users when this release began */
  stable: { replicaSet: string; template: JsonObject };
  /** the template under test, exactly as its author wrote it */
  canary: { template: JsonObject };
  /** resolved and defaulted, in wire form, so the release is judged by the rules it began with */
  policy: JsonObject;
  /** bound templates in wire form: [{template, args, spec}] */
  analysis: JsonObject[];
  /** resolved back end; absent when no traffic moves (first version, no replicas …) */
  traffic?: {
    provider: string;
    /** the Service in front of the target; absent: there is none */
    service?: string;
    /** the Service in front of the canary alone; absent: the back end needs none */
    canaryService?: string;
    routes: { apiVersion: string; kind: string; name: string }[];
    /** label keys and values that tell canary pods from stable pods (release/canary) */
    rewrite: JsonObject;
    /**
     * by what requests are counted: the ready-made queries that fit what carries out the split, and what makes them fit; "none": there
     * are none, and why; "template": all queries are the templates' own
     */
    preset?: {
      name: string;
      because: string;
      /** counters of the requests the split decides about; absent: it cannot be checked by them */
      requests?: { canary: string; stable: string };
      /** of a template's own: key of the metric whose total they are */
      metric?: string;
    };
  };
  intent: Intent;
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason: Reason;
  message: string;
  lastTransitionTime: string;
  observedGeneration: number;
}

/** One line of the bounded decision log. */
export interface DecisionRecord {
  time: string;
  reason: Reason;
  sentence: string;
  numbers?: Record<string, number>;
}

/** What counts can say about a split: constants of api/reasons.ts. */
export const SHARE_REASONS = [
  'TrafficShareVerified',
  'TrafficShareUnverified',
  'TrafficShareTooLow',
  'TrafficShareNone',
  'TrafficShareTooHigh',
] as const;

/** Requests of both arms since a weight was observed, and what they say about the split. */
export interface TrafficShare {
  version: 1;
  /** `weightObservedAt` of that weight */
  since: string;
  /** percent that should go to the canary */
  wanted: number;
  /** requests */
  canary: number;
  stable: number;
  reason: (typeof SHARE_REASONS)[number];
  sentence: string;
}

/** What the judge cannot do is bounded: when this one runs out, the canary loses its traffic. */
export interface BoundedClock {
  /** blind: no data are judged; unconfirmed: the back end has not confirmed the weight */
  name: 'blind' | 'unconfirmed';
  since: string;
  until: string;
}

/** What the weight may be withheld for: data are missing, the back end does not confirm it, somebody else keeps changing it. */
export const WITHHELD_FOR = ['DataMissing', 'RouteRejected', 'RouteContested'] as const;
export type WithheldFor = (typeof WITHHELD_FOR)[number];

/** Why the canary gets nothing although its step wants some for it. */
export interface Withheld {
  reason: WithheldFor;
  since: string;
}

/**
 * What a release is promoted for. Analysis: every step passed. All others skip the rest of the analysis: the first version of a
 * target; no replicas; the annotation sluice.dev/skip; a template that was stable before; no stable pod is available; a human
 * ordered the promotion, or let the last step go on; the policy promotes without a conclusion.
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

/** What becomes of a release that is taken back; written when that begins, kept to the end. */
export interface Withdrawal {
  /** the phase it ends in */
  endsAs: (typeof WITHDRAWN_ENDS)[number];
  /** the template stays held and is not tried again by itself */
  turnedDown: boolean;
  /** who wanted it, where that matters later. Author: of the template; OptOut: the target left Sluice, and may roll out natively */
  by?: 'Author' | 'OptOut';
}

/**
 * What a Waiting release waits for, where that decides how it goes on. Answer: of a human, to what the step asks; Replicas: the target
 * is scaled to 0; Pods: the cluster accepts no canary pods.
 */
export const WAITS_FOR = ['Answer', 'Replicas', 'Pods'] as const;

/** Stable has no available pod. */
export interface StableUnavailable {
  /** since when the controller sees it so, by its own clock */
  since: string;
  /** the newest change to what says so, by the clock of the API server; a newer one means that a pod was ready in between */
  changedAt: string;
}

/** Shown over what the release itself has come to: phase, reason and message are put back once the trouble is gone. */
export interface Trouble {
  since: string;
  /** nothing but a human gets it out of the way */
  needsHuman: boolean;
  /** phase, reason and message without it */
  phase: Phase;
  reason: Reason;
  message: string;
}

export interface ReleaseStatus {
  observedGeneration: number;
  phase: Phase;
  reason: Reason;
  message: string;
  /** index into the steps that strategy and mirror make of the policy (api/ladder.ts); -1 before the first */
  step: number;
  steps: number;
  /** the present step for people, counted from 1: "2/3"; absent before the first */
  stepOf?: string;
  /** percent wanted now */
  weight: number;
  /** percent of requests whose copies are wanted at the canary now; absent: 0 */
  mirror?: number;
  /** requests that match are wanted at the canary now; absent: no */
  matching?: boolean;
  /** percent read back from the route; null while it cannot be read */
  observedWeight: number | null;
  /** percent of requests that are copied, as read back; absent: 0 */
  observedMirror?: number;
  /** requests that match go to the canary, as read back; absent: no */
  observedMatching?: boolean;
  /** since when requests may go to the canary without a break; absent: none do */
  exposedAt?: string;
  /** when what this step wants was first seen in the route: `maxDuration` runs from then on, whatever interrupts the step */
  stepExposedAt?: string;
  /** when the route first showed what this step wants, or wants again; the back end has so long to confirm it */
  weightWrittenAt?: string;
  /** when what this step wants of the route was first observed; absent until then */
  weightObservedAt?: string;
  /** the bounded clocks that run now; absent: none does */
  clocks?: BoundedClock[];
  /** absent: not to be promoted */
  promotedFor?: PromotedFor;
  /** absent: not taken back */
  withdrawal?: Withdrawal;
  /** of the newest decision; absent: for nothing that decides how it goes on */
  waitsFor?: (typeof WAITS_FOR)[number];
  /** how often the canary lost its last ready pod while traffic went to it; absent: never */
  losses?: number;
  /** the canary gets nothing until what is named here has passed; absent: nothing stands against it */
  withheld?: Withheld;
  /** how often the weight was withheld, by its reason; a human who lets the release go on sets it back */
  interruptions?: Record<string, number>;
  /** when the present stage of a step, or of the way out, began: each may take only so long */
  stepStartedAt?: string;
  /** when the step passed and its pause of a policy began */
  pausedAt?: string;
  /** when weight 0 was first observed at the end of a release: start of the drain */
  drainStartedAt?: string;
  canaryReplicas?: number;
  /** newest generation of the target at which its template was seen to be this release's */
  targetGeneration?: number;
  /** ReplicaSet that serves after this release; set when a new template became stable (Promoted, Escaped) */
  replicaSet?: string;
  /** when the target was first let roll out with this release's template */
  promotionStartedAt?: string;
  /** absent: a stable pod is available, or none is wanted */
  stableUnavailable?: StableUnavailable;
  /** how often this release wrote its weight again after somebody else had changed it */
  reasserted?: number;
  /** when that was, newest last; those of the last ten minutes count against the limit */
  reassertedAt?: string[];
  analysis?: AnalysisState;
  verdict?: Verdict;
  /** does the data plane do what the route says? of the step it was last counted in */
  share?: TrafficShare;
  /** what Sluice has to do next and cannot; absent: nothing is in the way */
  trouble?: Trouble;
  conditions: Condition[];
  decisions: DecisionRecord[];
  startedAt: string;
  endedAt?: string;
}

export interface Release {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: ReleaseSpec;
  status?: ReleaseStatus;
}
