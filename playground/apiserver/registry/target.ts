import type { User } from '../contract.ts';
import { ApiError, badRequest, notFound } from '../errors.ts';
import { clone, get, metadata, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { DecodeError } from '../schema/decode.ts';
import { apiVersionOf } from './kind.ts';
import type { Kind, KindVersion } from './kind.ts';

/** The object or collection that a request addresses. */
export interface Target {
  kind: Kind;
  version: KindVersion;
  /** absent for cluster-scoped kinds and collections over all namespaces */
  namespace: string | undefined;
  subresource?: string;
}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface WriteRequest {
  /** fieldManager, at most 128 characters */
  manager: string;
  /** fieldManager as it was sent, for admission policies */
  fieldManager?: string;
  user: User;
  dryRun: boolean;
  validation: FieldValidation;
  /** the new object comes from a patch: its errors are 422 instead of 400 */
  patch: boolean;
  /** findings to send as Warning headers */
  warnings: string[];
}

export const storedName = (object: JsonObject): string => text(get(object, 'metadata', 'name'));

/** A stored object in the form that clients get, with apiVersion and kind. */
export function present(target: Pick<Target, 'kind' | 'version'>, stored: JsonObject): JsonObject {
  const { kind, version } = target;
  const body = version.fromStored ? version.fromStored(stored) : stored;
  return { ...body, kind: kind.kind, apiVersion: apiVersionOf(kind, version.name) };
}

/** Checks that body and URL agree on the kind; fills in both if the body leaves them out. */
function checkKind(target: Target, source: JsonObject): void {
  const expected = apiVersionOf(target.kind, target.version.name);
  const version = text(source['apiVersion']) || expected;
  const kind = text(source['kind']) || target.kind.kind;
  if (kind !== target.kind.kind) {
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${target.kind.kind}: unknown conversion`,
    );
  }
  if (version !== expected && target.kind.group === '') {
    const why = `no kind "${kind}" is registered for version "${version}"`;
    throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  }
  if (version !== expected) {
    throw badRequest(
      `the API version in the data (${version}) does not match the expected API version (${expected})`,
    );
  }
}

/** Reads an object that a client sent into the stored shape, without defaults. */
export function readObject(target: Target, source: JsonObject, request: WriteRequest): JsonObject {
  if (!request.patch) checkKind(target, source);
  const read = decodeObject(target, source, request);
  reportUnknown(target, read.unknown, request);
  const { version } = target;
  const stored = version.toStored ? version.toStored(read.value) : read.value;
  stored['apiVersion'] = apiVersionOf(target.kind, target.kind.versions[0]?.name ?? '');
  stored['kind'] = target.kind.kind;
  // an empty list clears ownership, an absent one keeps it
  if (isEmptyList(get(source, 'metadata', 'managedFields'))) metadata(stored)['managedFields'] = [];
  return stored;
}

const isEmptyList = (value: Json | undefined): boolean => Array.isArray(value) && value.length === 0;

function decodeObject(
  target: Target,
  source: JsonObject,
  request: WriteRequest,
): { value: JsonObject; unknown: string[] } {
  try {
    return target.version.read(source);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    if (request.patch) throw undecodable(error.message);
    const { kind } = target.kind;
    throw badRequest(
      `${kind} in version "${target.version.name}" cannot be handled as a ${kind}: ${error.message}`,
    );
  }
}

/** The error for a patch whose result cannot be read. */
function undecodable(why: string): ApiError {
  const message = `Invalid value: ${why}`;
  const causes = [{ field: 'patch', reason: 'FieldValueInvalid', message }];
  return new ApiError(422, 'Invalid', ` "" is invalid: patch: ${message}`, { causes });
}

/** Warns of unknown fields, or refuses them, as fieldValidation says. */
export function reportUnknown({ kind, version }: Target, unknown: string[], request: WriteRequest): void {
  if (unknown.length === 0 || request.validation === 'Ignore') return;
  const all = unknown.map((path) => (path.startsWith('duplicate') ? path : `unknown field "${path}"`));
  if (request.validation === 'Warn') {
    request.warnings.push(...all);
    return;
  }
  const message = `strict decoding error: ${all.join(', ')}`;
  if (request.patch) throw undecodable(message);
  throw badRequest(
    `${kind.kind} in version "${version.name}" cannot be handled as a ${kind.kind}: ${message}`,
  );
}

export function mustFind(target: Target, found: JsonObject | undefined, name: string): JsonObject {
  if (!found) throw notFound(target.kind, name);
  return found;
}

export const draft = (object: JsonObject): JsonObject => clone(object);
