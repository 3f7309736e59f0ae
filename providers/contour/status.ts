import { getInteger, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { Observation } from '../provider.ts';

type Acknowledgement = Pick<Observation, 'acknowledged' | 'problem'>;

/**
 * What Contour says about an HTTPProxy: the condition Valid, with the generation that Contour has looked at.
 * `off`: nothing goes to the canary. Then an error is reported but blocks nothing: Contour does not serve
 * what it rejects, and a Service that it does not find gets nothing.
 */
export function acknowledgement(proxy: KubeObject, off = false): Acknowledgement {
  const valid = getObjects(proxy, 'status', 'conditions').find((each) => getString(each, 'type') === 'Valid');
  if (valid === undefined) return { acknowledged: 'pending' };
  const observed = getInteger(valid, 'observedGeneration') ?? 0;
  if (observed < (proxy.metadata.generation ?? 0)) return { acknowledged: 'pending' };
  const problem = errorIn(proxy);
  if (problem === undefined) return { acknowledged: 'yes' };
  return { acknowledged: off ? 'yes' : 'pending', problem };
}

/** Why Contour does not serve this HTTPProxy; undefined: it serves it, or has not said. */
export function errorIn(proxy: KubeObject): string | undefined {
  const { name, generation = 0 } = proxy.metadata;
  const valid = getObjects(proxy, 'status', 'conditions').find((each) => getString(each, 'type') === 'Valid');
  if (valid === undefined || getString(valid, 'status') === 'True') return undefined;
  if ((getInteger(valid, 'observedGeneration') ?? 0) < generation) return undefined;
  const [error] = getObjects(valid, 'errors');
  const why = getString(error, 'message') ?? getString(valid, 'message') ?? 'no message';
  return `HTTPProxy ${name} is ${getString(proxy.status, 'currentStatus') ?? 'invalid'}: ${why}`;
}

/** The one that is furthest behind decides. */
export function worst(all: readonly Acknowledgement[]): Acknowledgement {
  const behind = all.some(({ acknowledged }) => acknowledged === 'pending') || all.length === 0;
  const problem = all.find((each) => each.problem !== undefined)?.problem;
  return { acknowledged: behind ? 'pending' : 'yes', ...(problem === undefined ? {} : { problem }) };
}
