import type { KubeObject } from '../../api/kube.ts';
import { isOurs, ownRules, ownWhileMatching, pairOf, scopeOf, type InPlace } from './in-place.ts';
import type { TrafficContext } from '../provider.ts';
import { sameRules, wellPlaced } from './rule-patch.ts';
import { percentOf, type LiveRule } from './weighted-rules.ts';

/** What one rule of the user's does now. */
export interface Look {
  route: KubeObject;
  /** "rules", "routes" */
  plural: string;
  label: string;
  /** false: it was added during the release and stays on stable */
  counts: boolean;
  /** undefined: it sends no requests */
  percent: number | undefined;
  mirror: number;
  /** undefined: it differs from what is wanted */
  matching: boolean | undefined;
  /** a destination that is neither stable nor canary, while the rule sends to the canary */
  intruder: string | undefined;
}

export function lookAt(kind: InPlace, context: TrafficContext): Look[] {
  const looks = lookAtUsers(kind, context);
  const accounted = looks.filter(({ counts }) => counts).map(({ route }) => route);
  return [...looks, ...strays(kind, context).filter(({ route }) => !accounted.includes(route))];
}

/**
 * Routes with rules of our own that belong to no rule of the user's: they still send requests to the canary.
 */
const strays = (kind: InPlace, context: TrafficContext): Look[] =>
  context.routes
    .filter((route) => route.kind === kind.resource.kind && ownRules(kind, context, route).length > 0)
    .map((route) => ({
      route,
      plural: kind.plural,
      label: `${route.kind} ${route.metadata.name}`,
      counts: true,
      percent: 0,
      mirror: 0,
      matching: undefined,
      intruder: undefined,
    }));

function lookAtUsers(kind: InPlace, context: TrafficContext): Look[] {
  const matching = new Map<KubeObject, boolean | undefined>();
  return scopeOf(kind, context).map(({ route, rule }): Look => {
    if (!matching.has(route)) matching.set(route, isMatching(kind, context, route));
    const [foreign] = rule.foreign;
    return {
      route,
      plural: kind.plural,
      label: kind.label(route, rule),
      counts: isOurs(context, rule),
      percent: percentOf(kind.shape, rule),
      mirror: kind.beside?.mirrorOf(rule.rule, pairOf(context)) ?? 0,
      matching: dressed(kind, context, rule, matching.get(route)),
      intruder: foreign === undefined || rule.canary.length === 0 ? undefined : kind.nameOf(foreign),
    };
  });
}

function isMatching(kind: InPlace, context: TrafficContext, route: KubeObject): boolean | undefined {
  const live = ownRules(kind, context, route);
  if (live.length === 0) return false;
  const wanted = ownWhileMatching(kind, context, route);
  return sameRules(live, wanted) && wellPlaced(live, wanted) ? true : undefined;
}

function dressed(
  { beside }: InPlace,
  context: TrafficContext,
  { canary }: LiveRule,
  matching: boolean | undefined,
): boolean | undefined {
  const fits = canary.every((destination) => beside?.isDressed(destination, context) ?? true);
  return matching === true && !fits ? undefined : matching;
}

/** What the rules do together. */
export interface Seen {
  /** undefined if they disagree about anything, or if one sends no requests; 0 without any rule */
  weight: number | undefined;
  /** only where they disagree */
  most?: number;
  mirror: number;
  matching: boolean;
  /** a sentence about what is wrong */
  problem: string | undefined;
  /** routes with a rule that counts */
  routes: KubeObject[];
}

export const seeRoutes = (kind: InPlace, context: TrafficContext): Seen =>
  summarise(lookAt(kind, context), context);

export function summarise(looks: readonly Look[], context: TrafficContext): Seen {
  const counted = looks.filter(({ counts }) => counts);
  const [first] = counted;
  const same = (key: 'percent' | 'mirror' | 'matching') =>
    counted.every((each) => each[key] === first?.[key]);
  const agreed = same('percent') && same('mirror') && same('matching');
  const { percent, mirror, matching } = first ?? { percent: 0, mirror: 0, matching: false };
  const clear = agreed && matching !== undefined;
  return {
    weight: clear ? percent : undefined,
    ...(agreed ? {} : { most: Math.max(...counted.map((each) => each.percent ?? 0)) }),
    mirror: clear ? mirror : 0,
    matching: clear ? matching : false,
    problem: agreed ? oddity(looks, context) : disagreement(looks, context),
    routes: [...new Set(counted.map(({ route }) => route))],
  };
}

function disagreement(looks: readonly Look[], { canaryService }: TrafficContext): string {
  const each = looks.map(
    ({ label, percent, mirror, matching }) =>
      `${label} ${percent ?? 0}%` +
      (mirror > 0 ? ` and copies of ${mirror}%` : '') +
      (matching === true ? ' and what matches' : ''),
  );
  return `the ${looks[0]?.plural ?? 'rules'} send different shares to Service ${canaryService}: ${each.join(', ')}`;
}

function oddity(looks: readonly Look[], context: TrafficContext): string | undefined {
  for (const { counts, label, matching, intruder } of looks) {
    if (!counts) {
      return `${label} was added during the release and sends only to Service ${context.stableService.metadata.name}`;
    }
    if (matching === undefined) {
      return `what Sluice wrote in ${label} for requests that match was changed by someone else`;
    }
    if (intruder !== undefined) {
      return `${label} now also sends to ${intruder}, which is neither stable nor canary`;
    }
  }
  return undefined;
}
