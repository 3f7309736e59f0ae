import type { ApiResponse } from '../contract.ts';
import { ApiError, badRequest, Causes, invalid } from '../errors.ts';
import { get, isObject, list, metadata, number, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import type { DeleteOptions } from '../registry/deleter.ts';
import { present } from '../registry/target.ts';
import type { Target } from '../registry/target.ts';
import { nameOf, namespaceOf } from '../storage/collection.ts';
import { isDryRun, readYaml } from './body.ts';
import type { Context } from './context.ts';
import { json } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { itemList } from './list.ts';
import { checkListOptions } from './options.ts';
import { selection } from './select.ts';

const OPTIONS = { group: 'meta.k8s.io', plural: 'DeleteOptions', kind: 'DeleteOptions' };
const POLICIES = ['Foreground', 'Background', 'Orphan'];

/** If there is a body, it replaces all options of the query. */
function readOptions(exchange: Exchange): DeleteOptions {
  const { body, query, user } = exchange;
  const options = { ...(body.trim() === '' ? fromQuery(query) : fromBody(body)), user };
  const causes = new Causes();
  const policy = options.propagationPolicy;
  if (policy !== undefined && !POLICIES.includes(policy))
    causes.unsupported('propagationPolicy', policy, [...POLICIES, 'nil']);
  else if (policy !== undefined && options.orphanDependents !== undefined) {
    causes.invalid(
      'propagationPolicy',
      policy,
      'orphanDependents and deletionPropagation cannot be both set',
    );
  }
  if (causes.all.length > 0) throw invalid(OPTIONS, '', causes.all);
  return options;
}

type Asked = Omit<DeleteOptions, 'user'>;

function given(options: Asked, fields: Record<string, Json | undefined>): Asked {
  const policy = fields['propagationPolicy'];
  const grace = number(fields['gracePeriodSeconds']);
  const orphan = fields['orphanDependents'];
  return {
    ...options,
    ...(typeof policy === 'string' && policy !== '' ? { propagationPolicy: policy } : {}),
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(typeof orphan === 'boolean' ? { orphanDependents: orphan } : {}),
  };
}

function fromQuery(query: URLSearchParams): Asked {
  const grace = query.get('gracePeriodSeconds');
  const orphan = query.get('orphanDependents');
  return given(
    { dryRun: isDryRun(query.getAll('dryRun'), 'DeleteOptions') },
    {
      propagationPolicy: query.get('propagationPolicy') ?? undefined,
      gracePeriodSeconds: grace === null ? undefined : Number(grace),
      orphanDependents: orphan === null ? undefined : orphan === 'true',
    },
  );
}

function fromBody(body: string): Asked {
  let value: Json;
  try {
    value = readYaml(body);
  } catch (error) {
    throw badRequest(
      `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!isObject(value)) throw badRequest("couldn't get version/kind; json parse error: not an object");
  const kind = text(value['kind']);
  if (kind !== '' && kind !== 'DeleteOptions') {
    throw badRequest(`no kind "${kind}" is registered for version "${text(value['apiVersion'])}" in scheme`);
  }
  const uid = get(value, 'preconditions', 'uid');
  const version = get(value, 'preconditions', 'resourceVersion');
  return {
    ...given({ dryRun: isDryRun(list(value['dryRun']).map(String), 'DeleteOptions') }, value),
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof version === 'string' ? { resourceVersion: version } : {}),
  };
}

export function remove(context: Context, target: Target, name: string, exchange: Exchange): ApiResponse {
  const { kind } = target;
  const { object, gone } = context.deleter.delete(target, name, readOptions(exchange));
  if (!gone || kind.strategy.deleteReturnsObject === true) return json(200, present(target, object));
  const details: JsonObject = {
    name,
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.plural,
    uid: metadata(object)['uid'],
  };
  return json(200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

/** deletecollection: answers with the list of what was deleted. */
export function removeAll(context: Context, target: Target, exchange: Exchange): ApiResponse {
  const options = readOptions(exchange);
  checkListOptions(exchange.query);
  const { kind, namespace } = target;
  const selected = selection(kind, namespace, exchange.query);
  const version = String(context.storage.version);
  const items = context.storage.list(kind.resource, namespace).filter((object) => selected.includes(object));
  for (const object of items) {
    const where = kind.namespaced ? namespaceOf(object) : undefined;
    try {
      context.deleter.delete({ ...target, namespace: where }, nameOf(object), options);
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 404)) throw error;
    }
  }
  const meta: JsonObject = { resourceVersion: version, ...(kind.custom ? { continue: '' } : {}) };
  return json(
    200,
    itemList(
      target,
      items.map((object) => present(target, object)),
      meta,
    ),
  );
}
