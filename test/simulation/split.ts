import { getArray, getNumber, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { Split } from '../../api/split.ts';
import { canaryWanted, isByPods, shareOfPods } from './by-pods.ts';
import type { World } from './world.ts';

const NAMESPACE = 'shop';
/** The objects of a collection, "<plural>.<group>". */
export type Listed = (resource: string) => readonly KubeObject[];
const ROUTES = 'httproutes.gateway.networking.k8s.io';
const VIRTUAL_SERVICES = 'virtualservices.networking.istio.io';
const SPLITS = 'trafficsplits.split.smi-spec.io';
const INGRESSES = 'ingresses.networking.k8s.io';
const CANARY = 'nginx.ingress.kubernetes.io/canary';

/** The share of all requests that match the policies of the simulation. */
export const MATCHING_SHARE = 0.1;

/** One rule of any object that splits, read without the code under test. */
export interface SplitRule {
  /** the weight of the canary's Service, and the sum of all weights */
  canary: number;
  all: number;
  /** percent of its requests that are copied to the canary */
  mirror: number;
  /** it takes only requests that match */
  matching: boolean;
  /** names of the Services to which it sends, whatever the weight */
  names: string[];
}

interface Destination {
  name: string;
  weight: number;
}

function rule(to: Destination[], mirror: number, matching: boolean): SplitRule {
  const sum = (list: Destination[]) => list.reduce((total, { weight }) => total + weight, 0);
  const canary = sum(to.filter(({ name }) => name === 'web-canary'));
  return { canary, all: sum(to), mirror, matching, names: to.map(({ name }) => name) };
}

/** Every rule that sends or copies to the canary's Service. */
export const splitRules = (world: World): SplitRule[] =>
  splitRulesOf((resource) => world.api.store.list(resource, NAMESPACE));

export function splitRulesOf(list: Listed): SplitRule[] {
  const rules = [
    ...list(ROUTES).flatMap(routeRules),
    ...list(VIRTUAL_SERVICES).flatMap(meshRules),
    ...list(SPLITS).map(splitRule),
    ...list(INGRESSES).flatMap(ingressRules),
  ];
  return rules.filter(({ names, mirror }) => mirror > 0 || names.includes('web-canary'));
}

function routeRules(route: KubeObject): SplitRule[] {
  return getObjects(route, 'spec', 'rules').map((each) => {
    const refs = getObjects(each, 'backendRefs').map((ref) => ({
      name: getString(ref, 'name') ?? '',
      weight: getNumber(ref, 'weight') ?? 1,
    }));
    const copies = getObjects(each, 'filters')
      .filter((filter) => getString(filter, 'requestMirror', 'backendRef', 'name') === 'web-canary')
      .map((filter) => getNumber(filter, 'requestMirror', 'percent') ?? 100);
    const matching = getObjects(each, 'matches').some((match) => getArray(match, 'headers') !== undefined);
    return rule(refs, Math.max(0, ...copies), matching);
  });
}

function meshRules(object: KubeObject): SplitRule[] {
  return getObjects(object, 'spec', 'http').map((http) => {
    const to = getObjects(http, 'route');
    const refs = to.map((each) => ({
      name: getString(each, 'destination', 'host') ?? '',
      weight: getNumber(each, 'weight') ?? (to.length === 1 ? 100 : 0),
    }));
    const copies = getObjects(http, 'mirrors')
      .filter((each) => getString(each, 'destination', 'host') === 'web-canary')
      .map((each) => getNumber(each, 'percentage', 'value') ?? 100);
    const matching = getObjects(http, 'match').some((match) => match['headers'] !== undefined);
    return rule(refs, Math.max(0, ...copies), matching);
  });
}

function splitRule(split: KubeObject): SplitRule {
  const to = getObjects(split, 'spec', 'backends').map((each) => ({
    name: getString(each, 'service') ?? '',
    weight: getNumber(each, 'weight') ?? 0,
  }));
  return rule(to, 0, false);
}

/** A canary Ingress, beside the user's Ingress, which gets the rest. */
function ingressRules({ metadata: { annotations = {} } }: KubeObject): SplitRule[] {
  if (annotations[CANARY] !== 'true') return [];
  const all = Number(annotations[`${CANARY}-weight-total`] ?? 100);
  const weight = Number(annotations[`${CANARY}-weight`] ?? 0);
  const both = (share: number, of: number) => [
    { name: 'web', weight: of - share },
    { name: 'web-canary', weight: share },
  ];
  const carries = ['header', 'cookie'].some((by) => annotations[`${CANARY}-by-${by}`] !== undefined);
  return [rule(both(weight, all), 0, false), ...(carries ? [rule(both(1, 1), 0, true)] : [])];
}

/** Where the live objects send requests: of several rules the largest split. */
export const liveSplit = (world: World): Split =>
  isByPods(world) ? { weight: shareOfPods(world), mirror: 0, matching: false } : splitOf(splitRules(world));

export function splitOf(rules: readonly SplitRule[]): Split {
  const share = ({ canary, all }: SplitRule) => (all === 0 ? 0 : Math.round((10_000 * canary) / all) / 100);
  return {
    weight: Math.max(0, ...rules.filter(({ matching }) => !matching).map(share)),
    mirror: Math.max(0, ...rules.map(({ mirror }) => mirror)),
    matching: rules.some((each) => each.matching && each.canary > 0),
  };
}

/** What was written last: pods that were scaled away take a moment to end. */
export const steeredSplit = (world: World): Split =>
  isByPods(world) && canaryWanted(world) === 0 ? { weight: 0, mirror: 0, matching: false } : liveSplit(world);

/** Does more go to the canary than before, in any way? */
export const isRaised = (now: Split, before: Split): boolean =>
  now.weight > before.weight || now.mirror > before.mirror || (now.matching && !before.matching);
