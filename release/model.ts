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
 * Everything that one decision may look at, read once and frozen. Lists hold the whole namespace unless said otherwise;
 * the decision chooses what matters (release/facts/facts.ts), so that this is tested without I/O.
 */
export interface Snapshot extends LiveRoutes {
  nowMs: number;
  key: TargetName;
  /** undefined: deleted (or never created) */
  target: KubeObject | undefined;
  deployments: readonly KubeObject[];
  replicaSets: readonly KubeObject[];
  pods: readonly KubeObject[];
  services: readonly KubeObject[];
  /** as far as they may be read; absent: none are known */
  ingressClasses?: readonly KubeObject[];
  /** objects of the namespace that may have to follow the canary, including copies made for it (release/companions) */
  attached: readonly KubeObject[];
  /** kinds of `attached` that the server has and does not let us list */
  forbidden: readonly Resource[];
  /** NetworkPolicies of trusted namespaces that reach into other namespaces, as far as they may be read */
  elsewhere: readonly KubeObject[];
  /** those of all other namespaces: no decision depends on them, and their content is shown to no one */
  strange: readonly KubeObject[];
  /**
   * objects of the namespace that are checked before a release begins (release/preflight/considered.ts), as far as they
   * may be read
   */
  surroundings: readonly KubeObject[];
  /** this target's Releases (label sluice.dev/target) that the controller sealed, newest first */
  releases: readonly KubeObject[];
  /** those without a valid seal, newest first: nothing in them is believed */
  unsealed: readonly KubeObject[];
  /**
   * what the newest Release of this target's name called stable when one was last seen, as far as this process
   * remembers
   */
  lastStable: LastStable | undefined;
  /** what the last pass of this process said of a target without ready pods */
  unserved: Unserved | undefined;
  /** raw ReleasePolicy / AnalysisTemplate objects: target's namespace first, then the controller's own */
  policies: readonly KubeObject[];
  templates: readonly KubeObject[];
  /** the newest finished measurement job of this target, if any */
  measured: MeasureResult | undefined;
  /** a measurement job of this target is running */
  measuring: boolean;
  /** writes that were refused a moment ago, by name; those with a name of their own (OnRefusal) are not tried again yet */
  refused: Readonly<Record<string, RefusedWrite>>;
  config: ControllerConfig;
}

/**
 * No pod of a target is ready: since when the controller sees that, by its own clock, and the newest change, by the API
 * server's clock.
 */
export interface Unserved {
  sinceMs: number;
  changedMs: number;
}

/** What the Releases of a Deployment called stable when they were last seen. */
export interface LastStable {
  /** uid of that Deployment */
  uid: string;
  stable: ReleaseSpec['stable'];
}

/**
 * transient: the server could not, or another writer was faster; nothing is marked as failed for it. right: Sluice
 * lacks a right and continues once it has it. refused: validation or admission refuses the write, and will do so again.
 */
export type RefusalKind = 'transient' | 'right' | 'refused';

/** What the API server answered to a write it refused. */
export interface RefusedWrite {
  kind: RefusalKind;
  /** HTTP status; 0 = no answer arrived */
  code: number;
  message: string;
  /** the purpose of the write, as its action says */
  why: string;
  /** the verb that RBAC has to allow, "plural.group" and the object's name */
  verb: string;
  resource: string;
  name: string;
  /** rules continue without it, and report it themselves */
  noted: boolean;
  /** it has been refused in this way since then, without interruption */
  sinceMs: number;
  /** the release for which it was tried; undefined: for no release */
  release?: string;
  endsAs?: RefusalEnd;
}

/** How a release ends because of a write that validation or admission keeps refusing. */
export type RefusalEnd = 'RouteRejected' | 'Refused';

/**
 * How changes are held. pause: a target stays paused while idle. admission: it is un-paused while idle, and a policy in the
 * API server pauses and marks it in the write that changes its template.
 */
export type HoldMode = 'pause' | 'admission';

/** The part of the configuration that decisions use. */
export interface ControllerConfig {
  /** the namespace the controller runs in: home of shared policies and templates */
  namespace: string;
  /** the mode in force now, see docs/admission.md */
  hold: HoldMode;
  /** configured end points for numbers: "<source>/<end point>" */
  endpoints: readonly string[];
  /** end points that only these namespaces may use; absent: all namespaces may */
  endpointsFor?: Readonly<Record<string, readonly string[]>>;
  /**
   * only policies and templates of the controller's namespace count; absent: those of the target's namespace come first
   */
  sharedOnly?: true;
  /** queries of templates in other namespaces may read only series of these namespaces */
  namespaceMatcher?: true;
  /** NetworkPolicies of these other namespaces may stand against a release; absent: of no other namespace */
  trustedNamespaces?: readonly string[];
  /** a window is measured at least this long after its end (one scrape interval) */
  scrapeLagMs: number;
  /** the suffix of full Service names; absent: CLUSTER_DOMAIN (api/names.ts) */
  clusterDomain?: string;
  /** templates with a shorter interval are refused */
  minIntervalMs: number;
  /**
   * Sluice is being uninstalled: every target counts as opted out and is let go; `revert`: one that holds a template
   * that is not proven gets the stable one back
   */
  leaving?: { revert: boolean };
}

/** Policy and templates of a target after annotations, lookup and defaults. */
export interface ResolvedRules {
  policy: ReleasePolicy;
  templates: BoundTemplate[];
}

/**
 * Actions are data. Only controller/execute.ts carries them out, in order, and stops at the first that fails
 * (exceptions: `urgent`, `onRefusal`).
 */
export type Action =
  | {
      do: 'write';
      why: string;
      write: Write;
      /** tried even after another urgent write failed: nothing may delay the removal of harm */
      urgent?: true;
      /** absent: a refusal ends this pass, and the next pass tries the write again */
      onRefusal?: OnRefusal;
      /** the server may accept the write and change it: an object without this property counts as a refusal */
      verify?: 'unpaused';
      /** Sluice itself holds a change that the policies of admission mode should have held */
      heldLate?: true;
    }
  /** gives the Release its first seal, after comparing it with what the controller would make */
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
 * What a refused write means. One with a name is shown to the next passes under it (Snapshot.refused): they decide what
 * continues without the write.
 */
export type OnRefusal =
  /** ends this pass */
  | { then: 'stop'; name: string }
  /**
   * does not end this pass. Without a name that holds only for a refusal (RBAC, admission): the write informs others, and
   * no decision depends on it
   */
  | { then: 'goOn'; name?: string }
  /** ends this pass; if validation or admission refuses it for 30 s, the release is taken back for this reason */
  | { then: 'end'; as: RefusalEnd; name?: string };

/** An Event reports a decision, or the phase that a release has reached. */
export type EventReason = Reason | Phase;

/** done: nothing more until something changes; wait: look again after a while; stalled: a human must act. */
export type Outcome = 'done' | 'wait' | 'stalled';

/** The answer of the ordered rule list: which rule applied, why, what to do, what to record. */
export interface Decision {
  rule: string;
  reason: Reason;
  sentence: string;
  outcome: Outcome;
  actions: Action[];
  /**
   * the whole next status of one Release; written once, at the end, only if it differs. `regardless`: also if an action
   * fails; then it records what is wanted, and every pass checks whether that is reached
   */
  status?: { release: string; next: ReleaseStatus; regardless?: true };
  requeueAfterMs?: number;
  /** a change escaped the policies of admission mode, or was held late: the policies may be missing */
  doubtsHold?: true;
  /** for the next pass of this process; absent: the memory of it is cleared */
  unserved?: Unserved;
}

/** What a rule answers; the list adds the rule's name. */
export type Answer = Omit<Decision, 'rule'>;

/** One rule about the situation S (release/situation.ts), or about several: undefined = does not apply. */
export interface Rule<S> {
  name: string;
  decide: (situation: S) => Answer | undefined;
}

/** The last rule of a situation: it answers when no other rule applies. */
export interface LastRule<S> extends Rule<S> {
  decide: (situation: S) => Answer;
}
