import { get, getInteger, getObject, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import {
  changesOf,
  copied,
  gains,
  NOTHING,
  reachOf,
  refused,
  specOf,
  type Followed,
  type Pods,
} from './pods.ts';

/**
 * The canary gets a budget of its own. An absolute number in the original was meant for the number of stable pods: with
 * one canary pod it would block every drain of a node, or allow all pods to be evicted.
 */
export function disruptionBudget(object: KubeObject, pods: Pods): Followed {
  const spec = specOf(object);
  const selector = getObject(spec, 'selector');
  // In policy/v1 a budget without a selector selects nothing.
  if (selector === undefined) return NOTHING;
  const reach = reachOf(selector, pods);
  if (reach === 'gained') return refused(gains('spec.selector', pods));
  if (reach === 'both' && getInteger(spec, 'minAvailable') !== undefined) return refused(counts(spec, pods));
  if (reach !== 'lost') return NOTHING;
  const rest = { ...spec };
  delete rest['minAvailable'];
  delete rest['maxUnavailable'];
  return copied({ ...rest, selector: pods.selector, ...allowed(spec) });
}

/** What may be unavailable at a time. One canary pod may be evicted wherever the original lets any pod be evicted. */
function allowed(spec: JsonObject): JsonObject {
  const [least, most] = [get(spec, 'minAvailable'), get(spec, 'maxUnavailable')];
  if (typeof most === 'number') return { maxUnavailable: Math.min(1, most) };
  if (typeof most === 'string') return { maxUnavailable: most };
  const percent = /^(\d+)%$/.exec(getString(spec, 'minAvailable') ?? '')?.[1];
  if (percent === undefined) return { maxUnavailable: 1 };
  // Both round up: 75% of one pod is that pod, and 25% unavailable is one pod.
  return Number(percent) >= 100
    ? { minAvailable: least ?? '100%' }
    : { maxUnavailable: `${100 - Number(percent)}%` };
}

function counts(spec: JsonObject, { rewrite, target }: Pods): string {
  const [{ key, from } = { key: '', from: '' }] = changesOf(rewrite);
  const narrower = key === '' ? '' : `add ${key}: ${from} to its spec.selector.matchLabels, or `;
  return `its spec.minAvailable: ${getInteger(spec, 'minAvailable') ?? 0} would count the canary pods of Deployment ${target} as well, so that many more stable pods could be evicted; ${narrower}use a percentage or maxUnavailable`;
}
