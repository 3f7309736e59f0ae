/** The scale subresource: a small view of spec.replicas. */
import type { ApiResponse } from '../contract.ts';
import { badRequest, Causes, invalid, notFound, stale } from '../errors.ts';
import {
  child,
  clone,
  get,
  isObject,
  list,
  metadata,
  number,
  object,
  objects,
  strings,
  text,
} from '../json.ts';
import type { JsonObject } from '../json.ts';
import { builtinVersion } from '../registry/kind.ts';
import type { ScalePaths } from '../registry/kind.ts';
import { mustFind } from '../registry/target.ts';
import type { Target } from '../registry/target.ts';
import { readBody } from './body.ts';
import type { Context } from './context.ts';
import { json } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { checkPatchOptions, patched, patchType } from './patches.ts';
import { writeRequest } from './writes.ts';

const SCALE = builtinVersion('v1', 'V1Scale', []);

function selectorText(selector: JsonObject): string {
  const parts = Object.entries(strings(selector['matchLabels'])).map(([key, value]) => `${key}=${value}`);
  for (const expression of objects(selector['matchExpressions'])) {
    const operator = text(expression['operator']);
    const key = text(expression['key']);
    if (operator === 'Exists') parts.push(key);
    else if (operator === 'DoesNotExist') parts.push(`!${key}`);
    else parts.push(`${key} ${operator.toLowerCase()} (${list(expression['values']).map(String).join(',')})`);
  }
  return parts.sort().join(',');
}

function scaleOf(owner: JsonObject, paths: ScalePaths): JsonObject {
  const meta = metadata(owner);
  const replicas = number(get(owner, ...paths.spec)) ?? 0;
  const found = paths.selector === undefined ? undefined : get(owner, ...paths.selector);
  const selector = paths.selectorObject ? selectorText(object(found)) : text(found);
  const kept = ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp'];
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: Object.fromEntries(
      kept.filter((key) => meta[key] !== undefined).map((key) => [key, meta[key]]),
    ),
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: number(get(owner, ...paths.status)) ?? 0, ...(selector === '' ? {} : { selector }) },
  };
}

export function scale(context: Context, target: Target, name: string, exchange: Exchange): ApiResponse {
  const { kind } = target;
  const paths = kind.scale;
  if (!paths) throw notFound(kind, name);
  const found = mustFind(target, context.storage.get(kind.resource, target.namespace ?? '', name), name);
  if (exchange.method === 'GET') return json(200, scaleOf(found, paths));
  const request = writeRequest(exchange, exchange.method === 'PUT' ? 'UpdateOptions' : 'PatchOptions');
  const wanted =
    exchange.method === 'PUT' ? readBody(exchange, 'Scale') : patchedScale(target, found, exchange);
  const version = text(metadata(wanted)['resourceVersion']);
  if (version !== '' && version !== text(metadata(found)['resourceVersion'])) throw stale(kind, name);
  const replicas = replicasOf(wanted, name);
  const written = context.writer.update({ ...target, subresource: 'scale' }, name, request, {
    next: (live) => withReplicas(live, paths, replicas),
  });
  return json(200, scaleOf(written.object, paths));
}

function patchedScale(target: Target, found: JsonObject, exchange: Exchange): JsonObject {
  const type = patchType(exchange, target);
  checkPatchOptions(exchange, type);
  if (type === 'apply')
    throw badRequest('apply to a scale subresource is not served by the playground; use a merge patch');
  return patched(type, SCALE, target.kind.scale ? scaleOf(found, target.kind.scale) : {}, exchange.body);
}

function replicasOf(wanted: JsonObject, name: string): number {
  const value = get(wanted, 'spec', 'replicas') ?? 0;
  if (typeof value !== 'number')
    throw badRequest('Scale in version "v1" cannot be handled as a Scale: spec.replicas is not an integer');
  const causes = new Causes();
  if (value < 0) causes.invalid('spec.replicas', value, 'must be greater than or equal to 0');
  if (causes.all.length > 0)
    throw invalid({ group: 'autoscaling', plural: 'scales', kind: 'Scale' }, name, causes.all);
  return value;
}

function withReplicas(live: JsonObject, paths: ScalePaths, replicas: number): JsonObject {
  const next = clone(live);
  const last = paths.spec.at(-1) ?? 'replicas';
  let parent = next;
  for (const key of paths.spec.slice(0, -1))
    parent = isObject(parent[key]) ? parent[key] : child(parent, key);
  parent[last] = replicas;
  return next;
}
