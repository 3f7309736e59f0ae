import { arrayOrEmpty, getObject, getObjects, getString, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { selectorMatches } from '../canary/index.ts';
import { NAMESPACE_NAME } from './elsewhere.ts';
import { gains, reachOf, refused, selectorIn, specOf, type Copy, type Followed, type Pods } from './pods.ts';

const DIRECTIONS = [
  { type: 'Ingress', rules: 'ingress', peers: 'from' },
  { type: 'Egress', rules: 'egress', peers: 'to' },
] as const;

type Direction = (typeof DIRECTIONS)[number];

/**
 * NetworkPolicies add up, so copies take no access away. One copy protects canary pods as the original protects stable
 * ones; one lets canary pods in (or reaches them) wherever stable pods are a peer.
 */
export function networkPolicy(object: KubeObject, pods: Pods): Followed {
  const spec = specOf(object);
  const subject = reachOf(selectorIn(spec, 'podSelector'), pods);
  if (subject === 'gained') return refused(gains('spec.podSelector', pods));
  const directions = DIRECTIONS.filter(({ type }) => typesOf(spec).includes(type));
  const strange = directions.find((direction) =>
    peersOf(spec, direction).some((peer) => isGained(peer, pods)),
  );
  if (strange !== undefined)
    return refused(gains(`spec.${strange.rules}[].${strange.peers}[].podSelector`, pods));
  const protecting = subject === 'lost' ? [forCanary(spec, directions, pods)] : [];
  return { copies: [...protecting, ...asPeer(spec, directions, pods)], refusals: [] };
}

/** The policy types, with the API server's default where they are absent. */
function typesOf(spec: JsonObject): readonly string[] {
  const types = arrayOrEmpty(spec, 'policyTypes');
  if (types.length > 0) return types.filter((type) => typeof type === 'string');
  return getObjects(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

const peersOf = (spec: JsonObject, { rules, peers }: Direction): JsonObject[] =>
  getObjects(spec, rules).flatMap((rule) => getObjects(rule, peers));

/** A copy that puts canary pods under the same rules and lets them speak with each other where stable pods may. */
function forCanary(spec: JsonObject, directions: readonly Direction[], pods: Pods): Copy {
  const present = directions.filter(({ rules }) => spec[rules] !== undefined);
  const changed = present.map((direction) => [
    direction.rules,
    getObjects(spec, direction.rules).map((rule) => {
      const more = rewritten(rule, direction, pods);
      return more.length === 0
        ? rule
        : { ...rule, [direction.peers]: [...getObjects(rule, direction.peers), ...more] };
    }),
  ]);
  const rules = Object.fromEntries(changed) as JsonObject;
  return { suffix: '-canary', spec: { ...spec, podSelector: pods.selector, ...rules } };
}

/** A copy for the same subject, with only the rules in which stable pods are a peer, and canary pods in their place. */
function asPeer(spec: JsonObject, directions: readonly Direction[], pods: Pods): Copy[] {
  const found = directions.flatMap((direction) => {
    const rules = getObjects(spec, direction.rules).flatMap((rule) => {
      const peers = rewritten(rule, direction, pods);
      return peers.length === 0 ? [] : [{ ...rule, [direction.peers]: peers }];
    });
    return rules.length === 0 ? [] : [{ direction, rules }];
  });
  if (found.length === 0) return [];
  const rules = found.map(({ direction, rules }) => [direction.rules, rules]);
  return [
    {
      suffix: '-canary-peer',
      spec: {
        podSelector: selectorIn(spec, 'podSelector'),
        policyTypes: found.map(({ direction }) => direction.type),
        ...(Object.fromEntries(rules) as JsonObject),
      },
    },
  ];
}

function rewritten(rule: JsonObject, { peers }: Direction, pods: Pods): JsonObject[] {
  return getObjects(rule, peers)
    .filter((peer) => isHere(peer, pods) && reachOf(selectorIn(peer, 'podSelector'), pods) === 'lost')
    .map((peer) => ({ ...peer, podSelector: pods.selector, ...pinned(peer, pods) }));
}

function isGained(peer: JsonObject, pods: Pods): boolean {
  const selector = getObject(peer, 'podSelector');
  return selector !== undefined && isHere(peer, pods) && reachOf(selector, pods) === 'gained';
}

/** May the peer mean pods of this namespace? Of a namespace's labels only its name is known. */
function isHere(peer: JsonObject, { namespace }: Pods): boolean {
  const selector = getObject(peer, 'namespaceSelector');
  if (selector === undefined) return true;
  const name = getStringMap(selector, 'matchLabels')[NAMESPACE_NAME];
  const known = {
    matchLabels: name === undefined ? {} : { [NAMESPACE_NAME]: name },
    matchExpressions: getObjects(selector, 'matchExpressions').filter(
      (each) => getString(each, 'key') === NAMESPACE_NAME,
    ),
  };
  return selectorMatches(known, { [NAMESPACE_NAME]: namespace });
}

/**
 * Limits the peer to this namespace, so that pods of other namespaces that carry the canary's label by chance get no
 * access.
 */
function pinned(peer: JsonObject, { namespace }: Pods): JsonObject {
  const selector = getObject(peer, 'namespaceSelector');
  if (selector === undefined) return {};
  const matchLabels = { ...getStringMap(selector, 'matchLabels'), [NAMESPACE_NAME]: namespace };
  return { namespaceSelector: { ...selector, matchLabels } };
}
