import { getObject, getObjects, getString, getStringMap } from '../../api/json.ts';
import type { JsonObject, KubeObject } from '../../api/kube.ts';
import { selectorMatches } from '../canary/index.ts';
import { changesOf, reachOf, selectorIn, specOf, type Pods } from './pods.ts';

/** Every namespace carries its own name under this key. */
export const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

const DIRECTIONS = [
  { rules: 'ingress', peers: 'from', does: 'lets in' },
  { rules: 'egress', peers: 'to', does: 'lets its pods reach' },
] as const;

/** Does this NetworkPolicy name pods of another namespace by its name? Others concern only their own, or cannot be told. */
export const reachesOut = (object: KubeObject): boolean =>
  DIRECTIONS.some(({ rules, peers }) =>
    getObjects(specOf(object), rules).some((rule) =>
      getObjects(rule, peers).some((peer) => names(peer) && getObject(peer, 'podSelector') !== undefined),
    ),
  );

/**
 * Why a NetworkPolicy of another namespace would cut the canary off: a rule of it names stable pods of this namespace and
 * nothing that canary pods are. Sluice writes in no other namespace.
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

function sentence(field: string, does: string, { namespace, rewrite }: Pods): string {
  const [{ key, from, to } = { key: '', from: '', to: '' }] = changesOf(rewrite);
  return `it ${does} pods of namespace ${namespace} by ${key}=${from}, and Sluice writes in no other namespace; write the podSelector of ${field} as a matchExpression with operator In and the values ${from}, ${to}, or choose the pods by a label the canary keeps`;
}

/** Its namespaceSelector asks for names of namespaces and for nothing else. */
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
