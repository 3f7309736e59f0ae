import type { Json, JsonObject } from '../../../lib/json.ts';

/** The few words of the schemas in this folder, with their meaning in OpenAPI 3.0. */

export const text = (limits: JsonObject = {}): JsonObject => ({ type: 'string', ...limits });
export const words = (...values: string[]): JsonObject => ({ type: 'string', enum: values });
export const flag: JsonObject = { type: 'boolean' };
export const whole = (minimum: number, maximum: number, more: JsonObject = {}): JsonObject => ({
  type: 'integer',
  minimum,
  maximum,
  ...more,
});
export const int32: JsonObject = { type: 'integer', format: 'int32' };
export const uint32 = whole(0, 4_294_967_295);
export const double: JsonObject = { type: 'number', format: 'double' };
export const list = (items: JsonObject, limits: JsonObject = {}): JsonObject => ({
  type: 'array',
  items,
  ...limits,
});
export const dictionary = (values: JsonObject): JsonObject => ({
  type: 'object',
  additionalProperties: values,
});
export const object = (properties: JsonObject, required: string[] = []): JsonObject => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
});

/** An object in which at most one of these members is set. */
export function oneOf(members: string[], of: JsonObject): JsonObject {
  const each = members.map((name): Json => ({ required: [name] }));
  return { ...of, oneOf: [{ not: { anyOf: each } }, ...each] };
}
