/** Pod subresources with a behaviour of their own. */
import type { ApiResponse } from '../contract.ts';
import { ApiError } from '../errors.ts';
import { get, number, object, objects, strings, word } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { mustFind } from '../registry/target.ts';
import type { Target } from '../registry/target.ts';
import { matchesSelector } from '../selectors.ts';
import { nameOf } from '../storage/collection.ts';
import { readBody } from './body.ts';
import type { Context } from './context.ts';
import { json } from './exchange.ts';
import type { Exchange } from './exchange.ts';

const isReady = (pod: JsonObject): boolean =>
  objects(get(pod, 'status', 'conditions')).some((c) => c['type'] === 'Ready' && c['status'] === 'True');

/** Deletes the pod unless a disruption budget forbids it; a pod that is not ready does not count. */
export function evict(context: Context, target: Target, name: string, exchange: Exchange): ApiResponse {
  const options = object(readBody(exchange, 'Eviction')['deleteOptions']);
  const pod = mustFind(target, context.storage.get('pods', target.namespace ?? '', name), name);
  if (isReady(pod)) checkBudgets(context, target, pod);
  const grace = number(options['gracePeriodSeconds']);
  context.deleter.delete(target, name, {
    dryRun: false,
    user: exchange.user,
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
  });
  return json(201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
}

function checkBudgets(context: Context, target: Target, pod: JsonObject): void {
  const labels = strings(get(pod, 'metadata', 'labels'));
  for (const budget of context.storage.list('poddisruptionbudgets.policy', target.namespace)) {
    if (!matchesSelector(object(get(budget, 'spec', 'selector')), labels)) continue;
    if ((number(get(budget, 'status', 'disruptionsAllowed')) ?? 0) > 0) continue;
    const name = nameOf(budget);
    const healthy = word(get(budget, 'status', 'currentHealthy'), '0');
    const needed = word(get(budget, 'status', 'desiredHealthy'), '0');
    const why = `The disruption budget ${name} needs ${needed} healthy pods and has ${healthy} currently`;
    const causes = [{ reason: 'DisruptionBudget', message: why }];
    throw new ApiError(
      429,
      'TooManyRequests',
      "Cannot evict pod as it would violate the pod's disruption budget.",
      { causes },
    );
  }
}
