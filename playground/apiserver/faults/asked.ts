import type { Exchange } from '../http/exchange.ts';
import { isWatch } from '../http/options.ts';
import { resourcePath } from '../http/path.ts';
import type { Asked } from './plan.ts';

function verbOf({ method, query }: Exchange, watch: boolean, named: boolean): string {
  switch (method) {
    case 'GET':
      return watch || isWatch(query) ? 'watch' : named ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
  }
}

/** A request as faults see it; undefined if it is not a request for a resource. */
export function askedBy(exchange: Exchange): Asked | undefined {
  const path = resourcePath(exchange.path);
  if (!path) return undefined;
  return {
    verb: verbOf(exchange, path.watch, path.name !== undefined),
    resource: path.plural,
    subresource: path.subresource ?? '',
    namespace: path.namespace ?? '',
    name: path.name ?? '',
    user: exchange.user.username,
  };
}
