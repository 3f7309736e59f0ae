import type { ApiResponse } from '../contract.ts';
import { badRequest, Causes, invalid } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { metadata, text } from '../json.ts';
import { present, readObject, reportUnknown } from '../registry/target.ts';
import type { Target, WriteRequest } from '../registry/target.ts';
import { editable } from '../registry/writer.ts';
import type { Written } from '../registry/writer.ts';
import { applyPatch } from './apply.ts';
import { fieldValidation, isDryRun, readBody } from './body.ts';
import type { Context } from './context.ts';
import type { Exchange } from './exchange.ts';
import { checkPatchOptions, patched, patchType, unknownOperationKeys } from './patches.ts';
import { negotiate, partial, render, table } from './representation.ts';

/** Manager, dry run and validation of a write; `kind` names the options in messages. */
export function writeRequest(
  exchange: Exchange,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
): WriteRequest {
  const given = exchange.query.get('fieldManager') ?? '';
  const agent = (exchange.headers['user-agent'] ?? 'unknown').split('/')[0] ?? '';
  if (given.length > 128) throw tooLong(kind);
  return {
    manager: given === '' ? agent.slice(0, 128) : given,
    ...(given === '' ? {} : { fieldManager: given }),
    user: exchange.user,
    dryRun: isDryRun(exchange.query.getAll('dryRun'), kind),
    validation: fieldValidation(exchange),
    patch: kind === 'PatchOptions',
    warnings: exchange.warnings,
  };
}

function tooLong(kind: string): Error {
  const causes = new Causes();
  causes.tooLong('fieldManager', 128);
  return invalid({ group: 'meta.k8s.io', plural: kind, kind }, '', causes.all);
}

export function answer(context: Context, target: Target, exchange: Exchange, written: Written): ApiResponse {
  const wanted = negotiate(exchange, false);
  const body = present(target, written.object);
  const status = written.created ? 201 : 200;
  if (wanted.shape === 'table') {
    const { version } = target;
    const listMeta = { resourceVersion: metadata(body)['resourceVersion'] };
    const now = context.clock.now();
    return render(status, table([body], { version, wanted, now, listMeta, withColumns: true }), wanted);
  }
  return render(status, wanted.shape === 'object' ? body : partial(body, wanted.version), wanted);
}

export function create(context: Context, target: Target, exchange: Exchange): ApiResponse {
  const request = writeRequest(exchange, 'CreateOptions');
  const source = readBody(exchange, target.kind.kind);
  return answer(context, target, exchange, context.writer.create(target, source, request));
}

export function replace(context: Context, target: Target, name: string, exchange: Exchange): ApiResponse {
  const request = writeRequest(exchange, 'UpdateOptions');
  const source = readBody(exchange, target.kind.kind);
  return answer(context, target, exchange, context.writer.replace(target, name, source, request));
}

export function patch(context: Context, target: Target, name: string, exchange: Exchange): ApiResponse {
  const type = patchType(exchange, target);
  checkPatchOptions(exchange, type);
  const request = writeRequest(exchange, 'PatchOptions');
  if (type === 'apply') return answer(context, target, exchange, applyPatch(context, target, name, exchange));
  const unknown = unknownOperationKeys(type, exchange.body);
  const written = context.writer.update(target, name, request, {
    next: (live) => {
      const next = patched(type, target.version, editable(target, live), exchange.body);
      checkIdentity(next, live, name);
      reportUnknown(target, unknown, request);
      return readObject(target, next, request);
    },
  });
  return answer(context, target, exchange, written);
}

/** A patch must not change the identity of the object. */
function checkIdentity(next: JsonObject, live: JsonObject, name: string): void {
  const given = text(metadata(next)['name']);
  if (given !== name)
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  if (text(next['kind']) !== text(live['kind'])) {
    const causes = new Causes();
    causes.invalid('patch', next['kind'], 'a patch cannot change the kind of an object');
    throw invalid({ group: '', plural: '', kind: '' }, '', causes.all);
  }
}
