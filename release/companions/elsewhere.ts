import { arrayOrEmpty, getObject, getObjects, getString, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { selectorMatches } from '../canary/index.ts';
import { changesOf, reachOf, selectorIn, specOf, type Pods } from './pods.ts';

/** Every namespace carries its own name under this key. */
export const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

const DIRECTIONS = [
  { rules: 'ingress', peers: 'from', does: 'lets in' },
  { rules: 'egress', peers: 'to', does: 'lets its pods reach' },
] as const;

/**
 * The namespaces whose pods this NetworkPolicy selects by the name of their namespace: a list, or 'any' where it
 * excludes some names or asks for no particular one. Other policies concern only their own namespace, or their reach
 * cannot be determined.
 */
export function reachesInto(object: KubeObject): readonly string[] | 'any' {
  const named = DIRECTIONS.flatMap(({ rules, peers }) =>
    getObjects(specOf(object), rules).flatMap((rule) =>
      getObjects(rule, peers)
        .filter((peer) => names(peer) && getObject(peer, 'podSelector') !== undefined)
        .map((peer) => namedBy(selectorIn(peer, 'namespaceSelector'))),
    ),
  );
  const lists = named.filter((each) => each !== 'any');
  return lists.length < named.length ? 'any' : [...new Set(lists.flat())];
}

export function reachesOut(object: KubeObject): boolean {
  const into = reachesInto(object);
  return into === 'any' || into.length > 0;
}

function namedBy(selector: JsonObject): string[] | 'any' {
  const name = getStringMap(selector, 'matchLabels')[NAMESPACE_NAME];
  if (name !== undefined) return [name];
  const listed = getObjects(selector, 'matchExpressions').find(
    (each) => getString(each, 'operator') === 'In',
  );
  return listed === undefined
    ? 'any'
    : arrayOrEmpty(listed, 'values').filter((each) => typeof each === 'string');
}

/**
 * Why a NetworkPolicy of another namespace would cut the canary off: one of its rules names stable pods of this
 * namespace, and nothing in that rule matches canary pods. Sluice does not write in other namespaces.
 */
export function cutOffBy(object: KubeObject, pods: Pods): string | undefined {
  for (const { rules, peers, does } of DIRECTIONS) {
    for (const rule of getObjects(specOf(object), rules)) {
      const reaches = getObjects(rule, peers)
        .filter((peer) => names(peer) && isHere(peer, pods))
        .map((peer) => reachOf(selectorIn(peer, 'podSelector'), pods));
      if (reaches.includes('lost') && !reaches.some((each) => each === 'both' || each === 'gained'))
        return sentence(`spec.${rules}[].${peers}[]`, does, pods);
    }
  }
  return undefined;
}

/**
 * What is said if a NetworkPolicy of an untrusted namespace would cut the canary off: only that there is one. Its name,
 * namespace and content are visible only to users who may read it.
 */
export function mayBeCutOff(strange: readonly KubeObject[], pods: Pods): string | undefined {
  if (!strange.some((object) => cutOffBy(object, pods) !== undefined)) return undefined;
  const [{ key, from, to } = { key: '', from: '', to: '' }] = changesOf(pods.rewrite);
  return `A NetworkPolicy of another namespace names the pods of Deployment ${pods.target} by ${key}=${from}; the canary may not be reached by pods there, or may not reach them, because its pods carry ${key}=${to}. If that traffic matters, ask those who run the cluster to let such policies name both values.`;
}

function sentence(field: string, does: string, { namespace, rewrite }: Pods): string {
  const [{ key, from, to } = { key: '', from: '', to: '' }] = changesOf(rewrite);
  return `it ${does} pods of namespace ${namespace} by ${key}=${from}, and Sluice writes in no other namespace; write the podSelector of ${field} as a matchExpression with operator In and the values ${from}, ${to}, or choose the pods by a label the canary keeps`;
}

/** Its namespaceSelector asks only for names of namespaces. */
function names(peer: JsonObject): boolean {
  const selector = getObject(peer, 'namespaceSelector');
  const keys = [
    ...Object.keys(getStringMap(selector, 'matchLabels')),
    ...getObjects(selector, 'matchExpressions').map((each) => getString(each, 'key')),
  ];
  return keys.length > 0 && keys.every((key) => key === NAMESPACE_NAME);
}

const isHere = (peer: JsonObject, { namespace }: Pods): boolean =>
  selectorMatches(selectorIn(peer, 'namespaceSelector'), { [NAMESPACE_NAME]: namespace });
