import { get, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';

export interface Analysis {
  acknowledged: 'yes' | 'pending' | 'unknown';
  problem?: string;
}

/**
 * What istiod says about a VirtualService: nothing, unless its analysis is switched on, and by default it is
 * off. Then istiod reports the generation that it has looked at (every ten seconds) and what it found, by
 * codes only.
 */
export function analysisOf(object: KubeObject): Analysis {
  const { name, generation = 0 } = object.metadata;
  const observed = observedIn(object);
  if (observed > 0 && observed >= generation) {
    const problem = errorIn(object);
    return problem === undefined ? { acknowledged: 'yes' } : { acknowledged: 'pending', problem };
  }
  // If the generation is further behind, an analysis that is now off has left it there: there is nothing to
  // wait for.
  if (observed === 0 || observed !== generation - 1) return { acknowledged: 'unknown' };
  const problem = `istiod's analysis has not looked at VirtualService ${name} yet; if that analysis was switched off after its last report, remove the status of that object`;
  return { acknowledged: 'pending', problem };
}

/** An error that istiod finds in this VirtualService. */
export function errorIn(object: KubeObject): string | undefined {
  const { name, generation = 0 } = object.metadata;
  const messages = getObjects(object.status, 'validationMessages');
  const error = messages.find((message) => getString(message, 'level') === 'ERROR');
  if (error === undefined || observedIn(object) < generation) return undefined;
  const code = getString(error, 'type', 'code') ?? 'an error';
  const title = getString(error, 'type', 'name');
  const url = getString(error, 'documentationUrl');
  const what = title === undefined ? code : `${code} (${title})`;
  return `istiod finds ${what} in VirtualService ${name}${url === undefined ? '' : `, see ${url}`}`;
}

/** int64 of a protobuf message: a string in JSON. 0: istiod has reported no generation. */
const observedIn = ({ status }: KubeObject): number => Number(get(status, 'observedGeneration') ?? 0);
