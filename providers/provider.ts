import type { Reason } from '../api/reasons.ts';
import type { KubeObject, OwnerReference, Resource } from '../api/kube.ts';
import type { Match, Stickiness } from '../api/kinds/policy/split.ts';
import type { ProviderName } from '../api/kinds/policy/providers.ts';
import type { Step } from '../api/kinds/policy/step.ts';
import type { Strategy } from '../api/kinds/policy/strategy.ts';
import type { BoundTemplate } from '../api/kinds/template/bound.ts';
import type { Split } from '../api/split.ts';
import type { Write } from '../api/writes.ts';

export type { Split };

/**
 * The input of a back end. All objects are raw JSON as read from the API server; they are never changed here.
 */
export interface TrafficContext {
  namespace: string;
  target: string;
  release: string;
  /** owner of everything a provider makes (the target, blockOwnerDeletion false) */
  owner: OwnerReference;
  /** the end of the Services' full names; absent: CLUSTER_DOMAIN */
  clusterDomain?: string;
  /** the live stable Service */
  stableService: KubeObject;
  /** name of the canary Service (it may not exist yet) */
  canaryService: string;
  /** the user's live routes in scope, in the order of discovery; a deleted route is missing here */
  routes: KubeObject[];
  /** live objects this provider made for this target */
  made: KubeObject[];
  /** live objects of the namespace, of the kinds in `alsoReads`; absent: they were not read */
  others?: KubeObject[];
  /** what `record` returned before the first edit (kept on the Release); undefined before that */
  originals: RouteOriginals | undefined;
  wants: Wants;
  /**
   * before a release begins: IngressClasses as far as they are known, and whether policy or annotation name
   * the provider
   */
  discovery?: { classes: readonly KubeObject[]; named: boolean };
  /** for a back end that steers by the number of pods */
  pods?: PodShares;
}

/** The pods of both arms. */
export interface PodShares {
  /** the live canary Deployment, if Sluice made it */
  canary: KubeObject | undefined;
  /** names of the canary pods that answer, or did until just now */
  names: string[];
  /** the number of stable pods that is wanted */
  stable: number;
  ready: { canary: number; stable: number };
}

/** Everything that a release will want from its back end, from its first step to its last. */
export interface Wants {
  /** requests that go to the canary whatever the weight */
  match?: Match;
  /** the largest percent that will be copied; absent: nothing */
  mirror?: number;
  sticky?: Stickiness;
  /** a step fixes the number of canary pods; absent: none does */
  fixedReplicas?: true;
  /** names of rules that may be copied under another name: the target says that no policy points at them */
  copyRules?: readonly string[];
  /** weights add up to a multiple of this: 100, or 10 000 where a step has a fraction of a percent */
  total: number;
}

/** Nothing goes to the canary. */
export const OFF: Split = { weight: 0, mirror: 0, matching: false };

export const isOff = ({ weight, mirror = 0, matching = false }: Observation): boolean =>
  weight === 0 && mirror === 0 && !matching;

/** Does the back end do what it was told? */
export const shows = ({ weight, mirror = 0, matching = false }: Observation, split: Split): boolean =>
  weight === split.weight && mirror === split.mirror && matching === split.matching;

/**
 * What user-owned routes contained before the first edit, by `<kind>/<name>`; JSON whose layout the provider
 * chooses.
 */
export type RouteOriginals = Record<string, unknown>;

/** What the objects say now. */
export interface Observation {
  /** percent that every rule in scope routes to the canary; undefined if rules disagree or cannot be read */
  weight: number | undefined;
  /** if rules disagree: the largest percent that any of them routes to the canary */
  most?: number;
  /** percent copied to the canary; absent: 0 */
  mirror?: number;
  /** requests that match go to the canary; absent: no */
  matching?: boolean;
  /** yes: the control plane has confirmed this generation; unknown: the back end confirms nothing */
  acknowledged: 'yes' | 'pending' | 'unknown';
  /** a sentence when the back end rejects the route, or rules disagree */
  problem?: string;
}

/** A reason why this route or strategy cannot be used, and what to do about it. */
export interface Refusal {
  reason: Reason;
  sentence: string;
}

/** A message that blocks no release, but that the user should read before it begins. */
export interface Note {
  reason: Reason;
  sentence: string;
}

/** What a note can be about. */
export interface NotesContext {
  target: KubeObject;
  routes: readonly KubeObject[];
  /** name of the stable Service; empty without one */
  stable: string;
  /** Services whose selectors choose the target's pods */
  fronting: readonly KubeObject[];
  /** what the weights really become; undefined: exactly what they say */
  become: ReturnType<Steering['becomes']>;
  /** IngressClasses, as far as they are known */
  classes: readonly KubeObject[];
  /** with their queries */
  templates: readonly BoundTemplate[];
}

/** PromQL templates for one arm; variables as in providers/variables.ts. Cumulative counters, no rate(). */
export interface ErrorRatePreset {
  canary: { bad: string; total: string };
  stable: { bad: string; total: string };
}

/** Selectors of the _bucket series of a classic histogram, one for each arm. */
export interface LatencyPreset {
  canary: { buckets: string };
  stable: { buckets: string };
}

/** What a weight comes to in pods. */
export interface Reached {
  /** canary pods */
  pods: number;
  /** percent of all pods, with two decimals */
  share: number;
}

/** How a share of the requests is reached, and how it is read: BY_ROUTES or byPods of shared/steering.ts. */
export interface Steering {
  by: 'routes' | 'pods';
  /** the canary has a Service of its own; false: it is reached by the Services in front of stable, if any */
  ownService: boolean;
  /** single requests are split, so their counts can verify the share; false: connections are split */
  countable: boolean;
  /** the first weight can be tried before there is a canary */
  beforehand: boolean;
  /** pods that are not ready get nothing, without any change of a weight */
  followsReadiness: boolean;
  /** the number of canary pods of a step, for that number of stable pods */
  podsFor(step: Step, stable: number): number;
  /**
   * the share nearest to `weight` percent that whole pods can give; undefined: exactly the weight, whatever
   * the pods
   */
  reached(weight: number, stable: number): Reached | undefined;
  /** what weights become with that number of stable pods, for people; undefined: exactly what they say */
  becomes(weights: readonly number[], stable: number): { sentence: string; exact: boolean } | undefined;
  /** does this prove that nothing goes to the canary? */
  isOff(observation: Observation): boolean;
  /** does more go to the canary than `split` says, because another author changed it? */
  isMore(observation: Observation, split: Split): boolean;
}

/** The metrics of this route do not tell the arms apart. */
export interface NoPresets {
  /** why (no full stop) */
  sentence: string;
  /** what to do about it, unless naming another preset is the answer */
  remedy?: string;
}

/** Queries for one place, which counts the requests of both arms. */
export interface Presets {
  /** as templates may name it */
  name: string;
  /** for people: why these are the ones that fit */
  because: string;
  errorRate: ErrorRatePreset;
  /** absent: there is no histogram that tells the arms apart */
  latency?: LatencyPreset;
  /** counters of the requests that the split decides about; absent: they cannot verify it */
  requests?: { canary: string; stable: string };
}

/** What a back end reads and writes: the controller's watches, lists and rights are derived from it. */
export interface Kinds {
  /** kinds of the user's routes this back end splits */
  routeResources: readonly Resource[];
  /** kind of the objects it makes; undefined if it makes none */
  madeResource: Resource | undefined;
  /** kinds that may contradict a split, or confirm it */
  alsoReads?: readonly Resource[];
  /** true: user-owned objects are edited, so the Release needs `record` and the finalizer first */
  editsUserRoutes: boolean;
}

/** What the back end can do, and when it is used. */
export interface Abilities {
  strategies: readonly Strategy[];
  /** how the share is reached: by a router or by the number of pods */
  steering: Steering;
  /** how long after a weight is observed the data plane can be trusted to follow it */
  settleMs: number;
  /**
   * true: if no route names the Service and policy or annotation name the provider, it works with an object
   * of its own
   */
  routeless?: boolean;
  /** true: used only if policy or annotation name it */
  onlyByName?: true;
}

/** The split itself. */
export interface Splitting {
  /** does this user's route send anything to that Service? */
  names(route: KubeObject, service: string): boolean;
  /** why the routes in scope cannot be split safely; [] = they can */
  refuse(context: TrafficContext): Refusal[];
  /** what of the user's routes must be recorded before the first edit */
  record(context: TrafficContext): RouteOriginals;
  observe(context: TrafficContext): Observation;
  /**
   * writes that bring every rule in scope to `split`; [] = it is done. OFF is one idempotent write per
   * object.
   */
  plan(context: TrafficContext, split: Split): Write[];
  /**
   * writes that remove everything of ours: the user's routes as recorded, our own objects deleted; [] when
   * clean
   */
  cleanup(context: TrafficContext): Write[];
}

/** How the requests of both arms are counted. */
export interface Counting {
  /**
   * the queries that fit the servers of these routes; `classes`: IngressClasses, as far as they are known;
   * absent: none are known
   */
  presets(routes: readonly KubeObject[], classes?: readonly KubeObject[]): Presets | NoPresets;
  /** all that `presets` may return and templates may name */
  allPresets: readonly Presets[];
  /**
   * variables that its queries need in addition to the common ones; lists are alternations escaped for RE2,
   * and their names end in Regex
   */
  routeVariables?(context: TrafficContext): Record<string, string>;
  /** the same, for values that depend only on the split */
  splitVariables?(split: Split, stableService?: KubeObject): Record<string, string>;
  /** ports by which a route reaches the Service, as it writes them: number or name */
  portsTo?(route: KubeObject, service: string): string[];
  /** why counts of requests say nothing about the weight of this route, as the end of a sentence */
  uncountable?(route: KubeObject): string | undefined;
}

/**
 * A traffic back end: a folder of its own and a line in list.ts (docs/extending/provider.md). Pure: objects
 * in, wanted writes out; every back end must pass providers/conformance/suite.ts.
 */
export interface Provider extends Kinds, Abilities, Splitting, Counting {
  /** its name in policies, and of its folder and its page */
  name: ProviderName;
  /** for people: how it steers */
  title: string;
  /** what users should know before a release begins */
  notes?(context: NotesContext): Note[];
}
