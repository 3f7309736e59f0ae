import type { TargetName } from '../api/target-key.ts';
import type { Reason } from '../api/reasons.ts';
import type { KubeObject, ObjectRef, Resource } from '../api/kube.ts';
import type { ReleasePolicy } from '../api/kinds/policy/policy.ts';
import type { MeasureJob, MeasureResult } from '../api/measuring.ts';
import type { Phase, ReleaseStatus } from '../api/kinds/release/status.ts';
import type { ReleaseSpec } from '../api/kinds/release/spec.ts';
import type { BoundTemplate } from '../api/kinds/template/bound.ts';
import type { Write } from '../api/writes.ts';
import type { LiveRoutes } from '../providers/index.ts';

/**
 * Everything one decision may look at, read once and frozen. Lists hold the whole namespace unless said otherwise;
 * choosing what matters is the decision's work (release/facts/facts.ts), so that it is tested without I/O.
 */
export interface Snapshot extends LiveRoutes {
  nowMs: number;
  key: TargetName;
  /** undefined: deleted (or never there) */
  target: KubeObject | undefined;
  deployments: readonly KubeObject[];
  replicaSets: readonly KubeObject[];
  pods: readonly KubeObject[];
  services: readonly KubeObject[];
  /** as far as they may be read; absent: none are known */
  ingressClasses?: readonly KubeObject[];
  /** of the namespace: what may have to follow the canary, copies made for it included (release/companions) */
  attached: readonly KubeObject[];
  /** kinds of these that the server has and does not let us list */
  forbidden: readonly Resource[];
  /** NetworkPolicies of trusted namespaces that reach out of them, as far as they may be read */
  elsewhere: readonly KubeObject[];
  /** those of all other namespaces: nothing is decided by them, and nobody is told what stands in them */
  strange: readonly KubeObject[];
  /** of the namespace: what is looked at before a release begins (release/preflight/considered.ts), as far as it may be read */
  surroundings: readonly KubeObject[];
  /** this target's Releases (label sluice.dev/target) that the controller sealed, newest first */
  releases: readonly KubeObject[];
  /** those without a valid seal, newest first: nothing in them is believed */
  unsealed: readonly KubeObject[];
  /** what the newest Release of this name called stable when one was last seen, as far as this process remembers */
  lastStable: LastStable | undefined;
  /** what the last pass of this process said of a target that serves nobody */
  unserved: Unserved | undefined;
  /** raw ReleasePolicy / AnalysisTemplate objects: target's namespace first, then the controller's own */
  policies: readonly KubeObject[];
  templates: readonly KubeObject[];
  /** the newest finished measurement job of this target, if any */
  measured: MeasureResult | undefined;
  /** a measurement job of this target is under way */
  measuring: boolean;
  /** writes that were refused a moment ago, by name: those with a name of their own (OnRefusal) are not tried again yet */
  refused: Readonly<Record<string, RefusedWrite>>;
  config: ControllerConfig;
}

/** No pod of a target is ready: seen since then by the clock of the controller; its newest change by that of the API server. */
export interface Unserved {
  sinceMs: number;
  changedMs: number;
}

/** What the Releases of a Deployment called stable when they were last seen. */
export interface LastStable {
  /** of that Deployment */
  uid: string;
  stable: ReleaseSpec['stable'];
}

/**
 * transient: the server could not, or somebody was faster; nothing is marked as failed for it. right: Sluice may not; it goes on
 * once it may. refused: validation or admission says no, and will say so again.
 */
export type RefusalKind = 'transient' | 'right' | 'refused';

/** What the API server answered to a write it refused. */
export interface RefusedWrite {
  kind: RefusalKind;
  /** HTTP status; 0 = no answer came */
  code: number;
  message: string;
  /** what the write is for, as its action says */
  why: string;
  /** the verb of RBAC it needs, "plural.group" and the object's name */
  verb: string;
  resource: string;
  name: string;
  /** rules go on without it, and say so themselves */
  noted: boolean;
  /** it is refused in this way since then, without a pause */
  sinceMs: number;
  /** for which release it was tried; undefined: for none */
  release?: string;
  endsAs?: RefusalEnd;
}

/** How a release ends for a write that validation or admission goes on refusing. */
export type RefusalEnd = 'RouteRejected' | 'Refused';

/**
 * How changes are held. pause: a target stays paused while idle. admission: it is un-paused while idle, and a policy in the
 * API server pauses and marks it in the write that changes its template.
 */
export type HoldMode = 'pause' | 'admission';

/** The part of the configuration that decisions see. */
export interface ControllerConfig {
  /** the namespace the controller runs in: home of shared policies and templates */
  namespace: string;
  /** the mode in force now, see docs/admission.md */
  hold: HoldMode;
  /** configured end points where numbers come from: "<source>/<end point>" */
  endpoints: readonly string[];
  /** end points that only these namespaces may use; absent: all may */
  endpointsFor?: Readonly<Record<string, readonly string[]>>;
  /** policies and templates of the controller's namespace alone count; absent: those of the target's namespace come first */
  sharedOnly?: true;
  /** queries of templates in other namespaces read series of these namespaces alone */
  namespaceMatcher?: true;
  /** NetworkPolicies of these other namespaces may stand against a release; absent: of none */
  trustedNamespaces?: readonly string[];
  /** a window ends at least this long ago when it is measured (one scrape interval) */
  scrapeLagMs: number;
  /** which ends full names of Services; absent: CLUSTER_DOMAIN (api/names.ts) */
  clusterDomain?: string;
  /** templates with a shorter interval are refused */
  minIntervalMs: number;
}

/** Policy and templates of a target after annotations, lookup and defaults. */
export interface ResolvedRules {
  policy: ReleasePolicy;
  templates: BoundTemplate[];
}

/** Actions are data; controller/execute.ts alone carries them out, in order, stopping at the first that fails (but see `urgent`, `onRefusal`). */
export type Action =
  | {
      do: 'write';
      why: string;
      write: Write;
      /** tried even after another urgent write failed: nothing may stand between harm and the way out of it */
      urgent?: true;
      /** absent: a refusal ends this pass, and the write is tried again in the next */
      onRefusal?: OnRefusal;
      /** the server may take it and change it: an answer that is not so counts as a refusal */
      verify?: 'unpaused';
      /** Sluice itself holds what the policies of admission mode should have held */
      heldLate?: true;
    }
  /** the Release, made by the controller and compared with what it makes, gets its first seal */
  | { do: 'seal'; why: string; release: KubeObject }
  | { do: 'measure'; job: MeasureJob }
  | {
      do: 'event';
      about: ObjectRef;
      uid: string;
      type: 'Normal' | 'Warning';
      reason: EventReason;
      message: string;
    };

/**
 * What a refused write means. One with a name is shown to the next passes under it (Snapshot.refused): they decide what goes on
 * without the write.
 */
export type OnRefusal =
  /** ends this pass */
  | { then: 'stop'; name: string }
  /** passes over it. Without a name only a refusal (RBAC, admission): the write tells others, and no decision depends on it */
  | { then: 'goOn'; name?: string }
  /** ends this pass; refused by validation or admission for 30 s, the release is taken back for this reason */
  | { then: 'end'; as: RefusalEnd; name?: string };

/** An Event tells of a decision, or of the phase that a release has come to. */
export type EventReason = Reason | Phase;

/** done: nothing more until something changes; wait: look again after a while; stalled: a human must act. */
export type Outcome = 'done' | 'wait' | 'stalled';

/** The answer of the ordered rule list: which rule hit, why, what to do, what to record. */
export interface Decision {
  rule: string;
  reason: Reason;
  sentence: string;
  outcome: Outcome;
  actions: Action[];
  /**
   * the whole next status of one Release; written once, at the end, only if it differs. `regardless`: also if an action fails; it
   * records what is wanted, and every pass looks again whether that is so
   */
  status?: { release: string; next: ReleaseStatus; regardless?: true };
  requeueAfterMs?: number;
  /** a change escaped the policies of admission mode, or was held late: they may not be there any more */
  doubtsHold?: true;
  /** for the next pass of this process; absent: forgotten */
  unserved?: Unserved;
}

/** What a rule answers; its name is added by the list. */
export type Answer = Omit<Decision, 'rule'>;

/** One rule about the situation S (release/situation.ts), or about several: undefined = does not apply. */
export interface Rule<S> {
  name: string;
  decide: (situation: S) => Answer | undefined;
}

/** The rule for all of a situation that no other one is about. */
export interface LastRule<S> extends Rule<S> {
  decide: (situation: S) => Answer;
}
