import { parse as parseYaml } from 'yaml';
import { ApiError, badRequest } from '../errors.ts';
import { isObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import type { FieldValidation } from '../registry/target.ts';
import { duplicateKeys } from './duplicates.ts';
import type { Exchange } from './exchange.ts';
import { ProtobufError, readProtobuf } from './protobuf.ts';

export function mediaType(exchange: Exchange): string {
  return (exchange.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

function unsupported(accepted: string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new ApiError(415, 'UnsupportedMediaType', message);
}

/** Bodies of this type come with one character per byte. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const OBJECT_TYPES = ['application/json', 'application/yaml', PROTOBUF];

function fromProtobuf(body: string): JsonObject {
  try {
    return readProtobuf(body);
  } catch (error) {
    if (error instanceof ProtobufError) throw new ApiError(415, 'UnsupportedMediaType', error.message);
    throw error;
  }
}

/** YAML 1.1 as Kubernetes reads it, where a bare y is a boolean. */
export function readYaml(source: string): Json {
  return parseYaml(source, { version: '1.1', merge: true }) as Json;
}

/** The parser's error, in words that name the usual cause. */
export function parseError(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `invalid character looking for beginning of a value or object key string (${why})`;
}

/** Parses an object body; `kind` is for the message. Duplicate keys are reported like unknown fields. */
export function readBody(exchange: Exchange, kind: string): JsonObject {
  const type = mediaType(exchange);
  if (type !== '' && !OBJECT_TYPES.includes(type)) throw unsupported(OBJECT_TYPES);
  if (type === PROTOBUF) return fromProtobuf(exchange.body);
  const prefix = `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error`;
  let value: Json;
  try {
    value = type === 'application/yaml' ? readYaml(exchange.body) : (JSON.parse(exchange.body) as Json);
  } catch (error) {
    throw badRequest(`${prefix}: ${parseError(error)}`);
  }
  if (!isObject(value))
    throw badRequest(`${prefix}: cannot unmarshal into an object with apiVersion and kind`);
  if (type !== 'application/yaml') reportDuplicates(exchange);
  return value;
}

function reportDuplicates(exchange: Exchange): void {
  const validation = fieldValidation(exchange);
  if (validation === 'Ignore') return;
  const found = duplicateKeys(exchange.body).map((path) => `duplicate field "${path}"`);
  if (found.length === 0) return;
  if (validation === 'Strict') throw badRequest(`strict decoding error: ${found.join(', ')}`);
  exchange.warnings.push(...found);
}

export function fieldValidation(exchange: Exchange): FieldValidation {
  const value = exchange.query.get('fieldValidation') ?? 'Warn';
  if (value === 'Strict' || value === 'Warn' || value === 'Ignore' || value === '')
    return value === '' ? 'Warn' : value;
  throw optionsInvalid('fieldValidation', value, ['', 'Ignore', 'Strict', 'Warn']);
}

/** 422 about a query parameter of a write. */
export function optionsInvalid(
  field: string,
  value: string,
  supported: string[],
  kind = 'CreateOptions',
): ApiError {
  const words = supported.map((word) => JSON.stringify(word)).join(', ');
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${words}`;
  const full = `${kind}.meta.k8s.io "" is invalid: ${field}: ${message}`;
  const causes = [{ reason: 'FieldValueNotSupported', message, field }];
  return new ApiError(422, 'Invalid', full, { group: 'meta.k8s.io', kind, causes });
}

export function isDryRun(values: string[], kind: string): boolean {
  for (const value of values) if (value !== 'All') throw optionsInvalid('dryRun', value, ['All'], kind);
  return values.length > 0;
}
