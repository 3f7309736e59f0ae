/** /playground/faults: shows and changes the planned faults. */
import type { ApiResponse } from '../contract.ts';
import { ApiError, badRequest, methodNotAllowed } from '../errors.ts';
import { readYaml } from '../http/body.ts';
import { json } from '../http/exchange.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Json } from '../json.ts';
import { readFault } from './fault.ts';
import type { FaultPlan, Planned } from './plan.ts';

export const isFaultPath = (path: string[]): boolean => path[0] === 'playground' && path[1] === 'faults';

const show = ({ fault, matched, struck }: Planned): object => ({ ...fault, matched, struck });

function readBody(body: string): Json[] {
  let value: Json;
  try {
    value = readYaml(body);
  } catch (error) {
    throw badRequest(`fault: body: ${error instanceof Error ? error.message : String(error)}; give JSON`);
  }
  return Array.isArray(value) ? value : [value];
}

/** GET lists, POST adds one or a list, PUT replaces all, DELETE removes one (/playground/faults/<id>) or all. */
export function faultEndpoint(plan: FaultPlan, exchange: Exchange, version: number): ApiResponse {
  const { method, path, body, user } = exchange;
  if (!user.groups.includes('system:masters'))
    throw new ApiError(
      403,
      'Forbidden',
      `faults are forbidden: User "${user.username}" is not an administrator`,
    );
  const id = path[2];
  if (method === 'DELETE' && id !== undefined) {
    if (!plan.remove(id)) throw new ApiError(404, 'NotFound', `there is no fault ${id}`);
  } else if (method === 'DELETE') {
    plan.clear();
  } else if (method === 'POST' || method === 'PUT') {
    const faults = readBody(body);
    // all are read before the first is planned
    faults.forEach((fault) => readFault(fault, ''));
    if (method === 'PUT') plan.clear();
    for (const fault of faults) plan.add(readFault(fault, plan.nextId), version);
  } else if (method !== 'GET') {
    throw methodNotAllowed();
  }
  return json(200, { faults: plan.all().map(show) });
}
