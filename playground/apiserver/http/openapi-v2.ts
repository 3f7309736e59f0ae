import type { ApiResponse } from '../contract.ts';
import type { Exchange } from './exchange.ts';
import { json } from './exchange.ts';

const INFO = { title: 'Kubernetes', version: 'v1.36.2' };
const PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/**
 * OpenAPI v2, which kubectl reads before it applies a List, to check each item by the definition of its kind.
 * Here it has no definitions: kubectl skips kinds that it does not find, and the server checks every item
 * itself, like everything that is applied.
 */
export function openApiV2({ headers }: Exchange): ApiResponse {
  if (!headers['accept']?.includes(PROTOBUF)) return json(200, { swagger: '2.0', info: INFO, paths: {} });
  const info = field(1, INFO.title) + field(2, INFO.version);
  const body = field(1, '2.0') + field(2, info) + field(8, '');
  return { status: 200, headers: { 'content-type': PROTOBUF.replace('@', '.') }, body };
}

/** A field of a protobuf message that is a string or a message of less than 128 bytes. */
const field = (number: number, value: string): string =>
  String.fromCharCode(number * 8 + 2, value.length) + value;
