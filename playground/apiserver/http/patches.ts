import { ApiError, badRequest, Causes, invalid } from '../errors.ts';
import { isObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { jsonPatch, JsonPatchError } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge.ts';
import { strategicPatch, StrategicPatchError } from '../patch/strategic.ts';
import type { KindVersion } from '../registry/kind.ts';
import type { Target } from '../registry/target.ts';
import { mediaType, parseError } from './body.ts';
import type { Exchange } from './exchange.ts';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const TYPES: Record<string, PatchType> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** Throws a 415 for a type that is not a patch, or that this kind does not accept. */
export function patchType(exchange: Exchange, target: Target): PatchType {
  const type = TYPES[mediaType(exchange)];
  if (type === undefined) throw new ApiError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  if (type === 'strategic' && target.kind.custom) {
    const accepted = Object.keys(TYPES).filter((name) => TYPES[name] !== 'strategic');
    const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
    throw new ApiError(415, 'UnsupportedMediaType', message);
  }
  return type;
}

const PATCH_OPTIONS = { group: 'meta.k8s.io', plural: 'PatchOptions', kind: 'PatchOptions' };

/** Checks fieldManager and force against the kind of patch; throws a 422. */
export function checkPatchOptions(exchange: Exchange, type: PatchType): void {
  const causes = new Causes();
  const manager = exchange.query.get('fieldManager') ?? '';
  if (type === 'apply' && manager === '') causes.required('fieldManager', 'is required for apply patch');
  if (manager.length > 128) causes.tooLong('fieldManager', 128);
  if (type !== 'apply' && exchange.query.has('force')) {
    causes.forbidden('force', 'may not be specified for non-apply patch');
  }
  if (causes.all.length > 0) throw invalid(PATCH_OPTIONS, '', causes.all);
}

function parsePatch(body: string): Json {
  try {
    return JSON.parse(body) as Json;
  } catch (error) {
    throw badRequest(`error decoding patch: ${parseError(error)}`);
  }
}

const OPERATION_KEYS = new Set(['op', 'path', 'from', 'value']);

/** Members of JSON Patch operations that have no meaning, e.g. "[0].extra". */
export function unknownOperationKeys(type: PatchType, body: string): string[] {
  const patch = type === 'json' ? parsePatch(body) : undefined;
  if (!Array.isArray(patch)) return [];
  return patch.flatMap((operation, i) =>
    Object.keys(isObject(operation) ? operation : {})
      .filter((key) => !OPERATION_KEYS.has(key))
      .map((key) => `[${i}].${key}`),
  );
}

const rejected = (): ApiError =>
  new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

/** `live` after a patch (other than apply), in the shape of the request's version. */
export function patched(type: PatchType, version: KindVersion, live: JsonObject, body: string): JsonObject {
  const patch = parsePatch(body);
  if (type === 'json') {
    if (!Array.isArray(patch))
      throw badRequest('error decoding patch: json: cannot unmarshal object into a list of operations');
    return byOperations(live, patch);
  }
  if (!isObject(patch)) throw badRequest('error decoding patch: json: cannot unmarshal into an object');
  if (type === 'merge') return mergePatch(live, patch) as JsonObject;
  return byStrategy(version, live, patch);
}

function byOperations(live: JsonObject, patch: Json[]): JsonObject {
  try {
    const result = jsonPatch(live, patch);
    if (isObject(result)) return result;
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error;
  }
  throw rejected();
}

function byStrategy(version: KindVersion, live: JsonObject, patch: JsonObject): JsonObject {
  try {
    return strategicPatch(version.schema, live, patch);
  } catch (error) {
    if (error instanceof StrategicPatchError) throw new ApiError(500, '', error.message);
    throw error;
  }
}
