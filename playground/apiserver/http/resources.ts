/** Requests for resources: chooses the handler and the kind. */
import type { ApiResponse } from '../contract.ts';
import { methodNotAllowed, noSuchPath, notFound } from '../errors.ts';
import { mustFind } from '../registry/target.ts';
import type { Target } from '../registry/target.ts';
import type { Context } from './context.ts';
import { remove, removeAll } from './deletes.ts';
import type { Exchange } from './exchange.ts';
import { list } from './list.ts';
import { isWatch, reachVersion, versionOption } from './options.ts';
import type { ResourcePath } from './path.ts';
import { evict } from './pods.ts';
import { scale } from './scale.ts';
import { answer, create, patch, replace } from './writes.ts';
import { watch } from './watch.ts';

/** Answers a request below a group version; throws ApiError. */
export async function resource(
  context: Context,
  path: ResourcePath,
  exchange: Exchange,
): Promise<ApiResponse> {
  const served = context.registry.served(path.group, path.version, path.plural);
  if (!served) throw path.plural === 'bindings' && path.group === '' ? methodNotAllowed() : noSuchPath();
  const target: Target = { ...served, namespace: path.namespace };
  if (served.version.deprecation !== undefined) exchange.warnings.push(served.version.deprecation);
  if (!served.kind.namespaced && path.namespace !== undefined) throw noSuchPath();
  if (path.name === undefined) return collection(context, target, exchange, path.watch);
  if (served.kind.namespaced && path.namespace === undefined) throw noSuchPath();
  if (path.subresource !== undefined)
    return subresource(context, target, path.name, { exchange, sub: path.subresource });
  return one(context, target, path.name, exchange);
}

async function collection(
  context: Context,
  target: Target,
  exchange: Exchange,
  oldWatch: boolean,
): Promise<ApiResponse> {
  const everywhere = target.kind.namespaced && target.namespace === undefined;
  switch (exchange.method) {
    case 'GET':
      return oldWatch || isWatch(exchange.query)
        ? openWatch(context, target, exchange)
        : list(context, target, exchange);
    case 'POST':
      if (everywhere) throw methodNotAllowed();
      return create(context, target, exchange);
    case 'DELETE':
      if (everywhere) throw methodNotAllowed();
      return removeAll(context, target, exchange);
    case 'PUT':
    case 'PATCH':
      throw methodNotAllowed();
  }
}

function openWatch(context: Context, target: Target, exchange: Exchange): ApiResponse {
  const query = new URLSearchParams(exchange.query);
  query.set('watch', 'true');
  return watch(context, target, { ...exchange, query });
}

async function read(
  context: Context,
  target: Target,
  name: string,
  exchange: Exchange,
): Promise<ApiResponse> {
  await reachVersion(context.storage, context.clock, versionOption(exchange.query, false));
  const found = mustFind(
    target,
    context.storage.get(target.kind.resource, target.namespace ?? '', name),
    name,
  );
  return answer(context, target, exchange, { object: found, created: false });
}

async function one(context: Context, target: Target, name: string, exchange: Exchange): Promise<ApiResponse> {
  switch (exchange.method) {
    case 'GET':
      return read(context, target, name, exchange);
    case 'PUT':
      return replace(context, target, name, exchange);
    case 'PATCH':
      return patch(context, target, name, exchange);
    case 'DELETE':
      return remove(context, target, name, exchange);
    case 'POST':
      throw methodNotAllowed();
  }
}

interface SubresourceCall {
  exchange: Exchange;
  sub: string;
}

async function subresource(
  context: Context,
  target: Target,
  name: string,
  call: SubresourceCall,
): Promise<ApiResponse> {
  const { exchange, sub } = call;
  const { kind } = target;
  const { method } = exchange;
  if (sub === 'status' && kind.status)
    return status(context, { ...target, subresource: 'status' }, name, exchange);
  if (sub === 'scale') {
    if (method === 'POST' || method === 'DELETE')
      throw kind.scale ? methodNotAllowed() : notFound(kind, name);
    return scale(context, target, name, exchange);
  }
  if (sub === 'eviction' && kind.resource === 'pods') {
    if (method !== 'POST') throw methodNotAllowed();
    return evict(context, target, name, exchange);
  }
  if (sub === 'finalize' && kind.resource === 'namespaces') {
    if (method !== 'PUT') throw methodNotAllowed();
    return replace(context, { ...target, subresource: 'finalize' }, name, exchange);
  }
  throw kind.custom ? notFound(kind, name) : noSuchPath();
}

async function status(
  context: Context,
  target: Target,
  name: string,
  exchange: Exchange,
): Promise<ApiResponse> {
  switch (exchange.method) {
    case 'GET':
      return read(context, target, name, exchange);
    case 'PUT':
      return replace(context, target, name, exchange);
    case 'PATCH':
      return patch(context, target, name, exchange);
    case 'POST':
    case 'DELETE':
      throw methodNotAllowed();
  }
}
