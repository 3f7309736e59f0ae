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

/** What a back end is told. All objects are raw JSON as read from the API server; nothing here is mutated. */
export interface TrafficContext {
  namespace: string;
  target: string;
  release: string;
  /** owner of everything a provider makes (the target, blockOwnerDeletion false) */
  owner: OwnerReference;
  /** which ends full names of Services; absent: CLUSTER_DOMAIN */
  clusterDomain?: string;
  /** the live stable Service */
  stableService: KubeObject;
  /** name of the canary Service (it may not exist yet) */
  canaryService: string;
  /** live user-owned routes in scope, in the order of discovery; a route that is gone is missing here */
  routes: KubeObject[];
  /** live objects this provider made for this target */
  made: KubeObject[];
  /** live objects of the namespace of the kinds in `alsoReads`; absent: none were read */
  others?: KubeObject[];
  /** what `record` returned before the first edit (kept on the Release); undefined before that */
  originals: RouteOriginals | undefined;
  wants: Wants;
  /** before a release begins: IngressClasses as far as they are known, and whether policy or annotation name the provider */
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
  /** stable pods that are wanted */
  stable: number;
  ready: { canary: number; stable: number };
}

/** What a release will want of its back end from its first step to its last. */
export interface Wants {
  /** requests that go to the canary whatever the weight */
  match?: Match;
  /** the most that will be copied, in percent; absent: nothing */
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

/** Does the back end do what was wanted of it? */
export const shows = ({ weight, mirror = 0, matching = false }: Observation, split: Split): boolean =>
  weight === split.weight && mirror === split.mirror && matching === split.matching;

/** What user-owned routes held before the first edit, keyed by `<kind>/<name>`; JSON, layout belongs to the provider. */
export type RouteOriginals = Record<string, unknown>;

/** What the objects say now. */
export interface Observation {
  /** percent routed to the canary by every rule in scope; undefined if rules disagree (about anything) or cannot be read */
  weight: number | undefined;
  /** where rules disagree: the largest percent that any of them routes to the canary */
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

/** A reason why this route or strategy cannot be used, with what to do about it. */
export interface Refusal {
  reason: Reason;
  sentence: string;
}

/** Something that stands against no release, but that its author will want to know before it begins. */
export interface Note {
  reason: Reason;
  sentence: string;
}

/** What a note may look at. */
export interface NotesContext {
  target: KubeObject;
  routes: readonly KubeObject[];
  /** name of the stable Service; empty without one */
  stable: string;
  /** Services whose selectors choose the target's pods */
  fronting: readonly KubeObject[];
  /** what the weights come to, if not to what they say */
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

/** Selectors of the _bucket series of a classic histogram, for each arm. */
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

/** How a share of the requests is brought about, and how it is read: BY_ROUTES or byPods of shared/steering.ts. */
export interface Steering {
  by: 'routes' | 'pods';
  /** the canary is reached by a Service of its own; false: by whatever Services stand in front of stable, if any */
  ownService: boolean;
  /** requests are shared out one by one, so counts of them can verify the share; false: connections are */
  countable: boolean;
  /** the first weight can be tried before there is a canary */
  beforehand: boolean;
  /** pods that are not ready get nothing, without anybody writing a weight */
  followsReadiness: boolean;
  /** canary pods of a step beside so many stable ones */
  podsFor(step: Step, stable: number): number;
  /** the share nearest to `weight` percent that whole pods can make; undefined: exactly the weight, whatever the pods */
  reached(weight: number, stable: number): Reached | undefined;
  /** what becomes of weights beside so many stable pods, for people; undefined: exactly what they say */
  becomes(weights: readonly number[], stable: number): { sentence: string; exact: boolean } | undefined;
  /** does this prove that nothing goes to the canary? */
  isOff(observation: Observation): boolean;
  /** does more go to the canary than `split`, by somebody's hand? */
  isMore(observation: Observation, split: Split): boolean;
}

/** Nothing there tells the arms apart. */
export interface NoPresets {
  /** why (no full stop) */
  sentence: string;
  /** what to do about it, if it is not to name another preset */
  remedy?: string;
}

/** Queries for one place that counts requests of both arms. */
export interface Presets {
  /** as templates may name it */
  name: string;
  /** for people: what makes these the ones that fit */
  because: string;
  errorRate: ErrorRatePreset;
  /** absent: there is no histogram that tells the arms apart */
  latency?: LatencyPreset;
  /** counters of the requests the split decides about; absent: it cannot be checked by them */
  requests?: { canary: string; stable: string };
}

/** What a back end reads and writes: watches, lists and rights of the controller are derived from it. */
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

/** What it can do, and when it is used. */
export interface Abilities {
  strategies: readonly Strategy[];
  /** how the share is brought about: by a router that is told it, or by the number of pods */
  steering: Steering;
  /** time after a weight is observed before the data plane can be trusted to follow it */
  settleMs: number;
  /** true: where no route names the Service it works by an object of its own, if policy or annotation name the provider */
  routeless?: boolean;
  /** true: only used where policy or annotation name it */
  onlyByName?: true;
}

/** The split itself. */
export interface Splitting {
  /** does this user's route send anything to that Service? */
  names(route: KubeObject, service: string): boolean;
  /** why the routes in scope cannot be split safely; [] = they can */
  refuse(context: TrafficContext): Refusal[];
  /** what must be remembered of the user's routes before the first edit */
  record(context: TrafficContext): RouteOriginals;
  observe(context: TrafficContext): Observation;
  /** writes that bring every rule in scope to `split`; [] when they are there. OFF is one idempotent write per object. */
  plan(context: TrafficContext, split: Split): Write[];
  /** writes that leave nothing behind: user's routes as recorded, own objects deleted; [] when clean */
  cleanup(context: TrafficContext): Write[];
}

/** By what the requests of both arms are counted. */
export interface Counting {
  /** the queries that fit what serves these routes; `classes`: IngressClasses, as far as they are known; absent: none are */
  presets(routes: readonly KubeObject[], classes?: readonly KubeObject[]): Presets | NoPresets;
  /** all that `presets` may answer and templates may name */
  allPresets: readonly Presets[];
  /** variables its queries need beside those that all have; lists are alternations escaped for RE2, whose names end in Regex */
  routeVariables?(context: TrafficContext): Record<string, string>;
  /** the same, of what depends on the split alone */
  splitVariables?(split: Split, stableService?: KubeObject): Record<string, string>;
  /** ports by which a route reaches the Service, as it writes them: number or name */
  portsTo?(route: KubeObject, service: string): string[];
  /** why counts of requests say nothing about the weight of this route, as the end of a sentence */
  uncountable?(route: KubeObject): string | undefined;
}

/**
 * A traffic back end: a folder of its own and a line in list.ts (docs/extending/provider.md). Pure: objects in, wanted writes out; every
 * one is held to providers/conformance/suite.ts.
 */
export interface Provider extends Kinds, Abilities, Splitting, Counting {
  /** as policies name it, and its folder and its page are called */
  name: ProviderName;
  /** for people: what it steers by */
  title: string;
  /** what is good to know before a release begins */
  notes?(context: NotesContext): Note[];
}
