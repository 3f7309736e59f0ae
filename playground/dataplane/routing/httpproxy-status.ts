import type { KubeObject } from '../../../api/kube.ts';
import { equalJson, getInteger, getObjects, getString, type JsonObject } from '../../../lib/json.ts';
import type { Backends } from '../proxy/backends.ts';

/** What Contour writes about an HTTPProxy once it has looked at it; undefined: it is written already. */
export function proxyStatusOf(proxy: KubeObject, backends: Backends, now: string): JsonObject | undefined {
  const { namespace = '', generation = 1 } = proxy.metadata;
  const missing = getObjects(proxy, 'spec', 'routes')
    .flatMap((route) => getObjects(route, 'services'))
    .find((service) => {
      const [name = '', port] = [getString(service, 'name'), getInteger(service, 'port')];
      return backends.endpoints(namespace, name, port) === undefined;
    });
  const errors = missing === undefined ? [] : [unresolved(missing)];
  const found = errors.length === 0;
  const condition = {
    type: 'Valid',
    status: found ? 'True' : 'False',
    observedGeneration: generation,
    reason: found ? 'Valid' : 'ErrorPresent',
    message: found ? 'Valid HTTPProxy' : 'At least one error present, see Errors for details',
    ...(found ? {} : { errors }),
  };
  const [{ lastTransitionTime, ...before } = {}] = getObjects(proxy, 'status', 'conditions');
  if (lastTransitionTime !== undefined && equalJson(before, condition)) return undefined;
  return {
    currentStatus: found ? 'valid' : 'invalid',
    description: condition.message,
    conditions: [{ ...condition, lastTransitionTime: now }],
  };
}

const unresolved = (service: JsonObject): JsonObject => ({
  type: 'ServiceError',
  status: 'True',
  reason: 'ServiceUnresolvedReference',
  message: `service "${getString(service, 'name') ?? ''}" not found`,
});
