import { get, getObjects, getString } from '../api/json.ts';
import type { KubeObject } from '../api/kube.ts';

export interface Analysis {
  acknowledged: 'yes' | 'pending' | 'unknown';
  /** what istiod finds wrong */
  problem?: string;
}

/**
 * What istiod says about a VirtualService: nothing, unless its analysis is switched on, which it is not by default. Then
 * it reports the generation it has looked at (every ten seconds) and what it found, by codes alone.
 */
export function analysisOf({ metadata, status }: KubeObject): Analysis {
  // int64 of a protobuf message: a string in JSON
  const observed = Number(get(status, 'observedGeneration') ?? 0);
  if (!(observed > 0 && observed >= (metadata.generation ?? 0))) return { acknowledged: 'unknown' };
  const [error] = getObjects(status, 'validationMessages').filter(
    (message) => getString(message, 'level') === 'ERROR',
  );
  if (error === undefined) return { acknowledged: 'yes' };
  const [code, name, url] = [
    getString(error, 'type', 'code') ?? 'an error',
    getString(error, 'type', 'name'),
    getString(error, 'documentationUrl'),
  ];
  const what = name === undefined ? code : `${code} (${name})`;
  const where = url === undefined ? '' : `, see ${url}`;
  return {
    acknowledged: 'pending',
    problem: `istiod finds ${what} in VirtualService ${metadata.name}${where}`,
  };
}
