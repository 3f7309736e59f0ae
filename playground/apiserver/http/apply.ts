import { applyConfig } from '../apply/apply.ts';
import { ApiError, badRequest, conflict, notFound, stale } from '../errors.ts';
import { clone, get, isObject, metadata, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { apiVersionOf } from '../registry/kind.ts';
import { readObject } from '../registry/target.ts';
import type { Target, WriteRequest } from '../registry/target.ts';
import type { Written } from '../registry/writer.ts';
import { fieldValidation, isDryRun, readYaml } from './body.ts';
import type { Context } from './context.ts';
import type { Exchange } from './exchange.ts';

function readConfig(target: Target, name: string, body: string): JsonObject {
  let value: Json;
  try {
    value = readYaml(body);
  } catch (error) {
    throw badRequest(`error decoding YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(value)) throw badRequest('error decoding YAML: the body is not an object');
  const version = text(value['apiVersion']);
  const kind = text(value['kind']);
  const [group = '', short = ''] = version.includes('/') ? version.split('/') : ['', version];
  if (version !== apiVersionOf(target.kind, target.version.name) || kind !== target.kind.kind) {
    throw badRequest(`invalid object type: ${group}/${short}, Kind=${kind}`);
  }
  if (get(value, 'metadata', 'managedFields') !== undefined)
    throw badRequest('metadata.managedFields must be nil');
  const given = text(get(value, 'metadata', 'name'));
  if (given !== '' && given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
  metadata(value)['name'] = name;
  return value;
}

/** PATCH with an apply configuration: creates or updates. */
export function applyPatch(context: Context, target: Target, name: string, exchange: Exchange): Written {
  const config = readConfig(target, name, exchange.body);
  const manager = exchange.query.get('fieldManager') ?? '';
  const request: WriteRequest = {
    manager,
    fieldManager: manager,
    user: exchange.user,
    dryRun: isDryRun(exchange.query.getAll('dryRun'), 'PatchOptions'),
    validation: fieldValidation(exchange),
    patch: true,
    warnings: exchange.warnings,
  };
  const source = readApplied(target, config, request);
  const { kind } = target;
  const options = {
    manager: request.manager,
    force: exchange.query.get('force') === 'true',
    now: context.clock.now(),
    sent: target.version.toStored ? source : config,
    complete: (draft: JsonObject) => kind.strategy.defaults?.(draft),
  };
  const live = context.storage.get(kind.resource, target.namespace ?? '', name);
  if (!live) return createApplied(context, target, source, { request, options });
  checkPreconditions(target, name, live, source);
  const next = applyConfig(target, live, source, options);
  metadata(next)['uid'] = get(live, 'metadata', 'uid');
  return context.writer.update(target, name, request, { next: () => next, tracked: true });
}

function createApplied(
  context: Context,
  target: Target,
  source: JsonObject,
  parts: { request: WriteRequest; options: Parameters<typeof applyConfig>[3] },
): Written {
  const { kind } = target;
  const meta = metadata(source);
  const name = text(meta['name']);
  if (target.subresource !== undefined) throw notFound(kind, name);
  const uid = text(meta['uid']);
  if (uid !== '') {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(kind, name, why);
  }
  delete meta['resourceVersion'];
  const next = applyConfig(target, undefined, source, parts.options);
  return context.writer.insert(target, next, parts.request, true);
}

function checkPreconditions(target: Target, name: string, live: JsonObject, source: JsonObject): void {
  const version = text(get(source, 'metadata', 'resourceVersion'));
  if (version !== '' && version !== text(get(live, 'metadata', 'resourceVersion')))
    throw stale(target.kind, name);
  const uid = text(get(source, 'metadata', 'uid'));
  if (uid !== '' && uid !== text(get(live, 'metadata', 'uid')))
    throw conflict(target.kind, name, 'uid mismatch');
}

/** Apply is strict about the schema of built-in kinds, whatever fieldValidation says. */
function readApplied(target: Target, config: JsonObject, request: WriteRequest): JsonObject {
  const unknown: string[] = [];
  const probe = { ...request, validation: 'Warn' as const, warnings: unknown };
  const source = readObject(target, clone(config), target.kind.custom ? request : probe);
  if (unknown.length > 0) {
    throw new ApiError(
      500,
      '',
      `failed to create typed patch object: ${unknown.join(', ')}: field not declared in schema`,
    );
  }
  return source;
}
