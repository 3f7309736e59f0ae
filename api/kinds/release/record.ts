import { isObject, type Json, type JsonObject } from '../../../lib/json.ts';
import { complain, Fields, kindOf, type Read } from '../../../lib/schema/fields.ts';
import {
  membersOf,
  optional,
  required,
  rulesOf,
  shapeOf,
  type AnyFields,
  type Shaped,
} from '../../../lib/schema/object.ts';
import { oneOf } from '../../../lib/schema/scalars.ts';
import type { Rule, Schema } from '../../../lib/schema/schema.ts';

/**
 * Schemas of what Sluice writes and reads back. Only the API server checks limits: Sluice reads every record that the
 * server accepted, and keeps the fields that a later version added.
 */
const RECREATE = 'only Sluice writes this; delete the Release and let Sluice make a new one';

export const must = <S extends Schema<unknown>>(schema: S, doc: string) =>
  required(schema, { doc, remedy: RECREATE });
export const may = <S extends Schema<unknown>>(schema: S, doc: string) => optional(schema, doc);

const asIs = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

interface Form {
  wanted: string;
  shape: JsonObject;
  type: string;
}

function kept<T>(test: (value: unknown) => value is T, { wanted, ...form }: Form): Schema<T> {
  const read: Read<T> = (value, place) =>
    test(value) ? value : complain(place, value, `is ${kindOf(value)}, not ${wanted}`, RECREATE);
  return { read, write: asIs, ...form };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isFinite = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

export const text = (maxLength: number, more: JsonObject = {}): Schema<string> =>
  kept(isText, { wanted: 'text', shape: { type: 'string', maxLength, ...more }, type: 'text' });

export const sentence = text(32_768);
export const name = text(253);

export const flag = kept((value) => typeof value === 'boolean', {
  wanted: 'true or false',
  shape: { type: 'boolean' },
  type: 'true or false',
});

export const number = (limits: { minimum?: number; maximum?: number } = {}): Schema<number> =>
  kept(isFinite, { wanted: 'a number', shape: { type: 'number', ...limits }, type: 'number' });

export const percent = number({ minimum: 0, maximum: 100 });

export const integer = (format: 'int32' | 'int64', minimum?: number): Schema<number> =>
  kept((value): value is number => Number.isSafeInteger(value), {
    wanted: 'a whole number',
    shape: { type: 'integer', format, ...(minimum === undefined ? {} : { minimum }) },
    type: 'whole number',
  });

export const percentOrNull = kept((value): value is number | null => value === null || isFinite(value), {
  wanted: 'a number or null',
  shape: { type: 'number', nullable: true, minimum: 0, maximum: 100 },
  type: 'number or null',
});

export const time = kept(isTime, {
  wanted: 'a time in RFC 3339 form',
  shape: { type: 'string', format: 'date-time' },
  type: 'time',
});

export const VERSION = kept((value): value is 1 => value === 1, {
  wanted: '1, the version of this layout',
  shape: { type: 'integer', format: 'int32' },
  type: '1',
});

export const numbers = (limits: { maxProperties?: number; minimum?: number } = {}) => {
  const { minimum, ...rest } = limits;
  const each = { type: 'number', ...(minimum === undefined ? {} : { minimum }) };
  const shape = { type: 'object', ...rest, additionalProperties: each };
  return kept(isNumberMap, { wanted: 'a map of numbers', shape, type: 'map of numbers' });
};

/** An object whose content is not checked. */
const ANYTHING = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const RAW = { shape: ANYTHING, type: 'object', write: asIs };

const readRaw: Read<JsonObject> = (value, place) =>
  isObject(value)
    ? value
    : complain(place, value, `is ${kindOf(value)}, not an object`, 'give a map of fields');

export const raw: Schema<JsonObject> = { ...RAW, read: readRaw };
/** The same, read as a plain map. */
export const rawMap: Schema<Record<string, unknown>> = { ...RAW, read: readRaw };

export const objects = (maxItems: number): Schema<JsonObject[]> =>
  kept(isObjectList, {
    wanted: 'a list of objects',
    shape: { type: 'array', maxItems, items: ANYTHING },
    type: 'list of objects',
  });

export const choice = <const T extends string>(options: readonly T[]): Schema<T> => oneOf(options);

function isNumberMap(value: unknown): value is Record<string, number> {
  return isObject(value) && Object.values(value).every((item) => typeof item === 'number');
}

function isObjectList(value: unknown): value is JsonObject[] {
  return Array.isArray(value) && value.every(isObject);
}

function isTime(value: unknown): value is string {
  return isText(value) && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
}

/** An object of which only these fields are read; other fields are kept. */
export function record<F extends AnyFields>(fields: F, rules: readonly Rule[] = []): Schema<Shaped<F>> {
  const members = membersOf(fields);
  const read: Read<Shaped<F>> = (value, place) => {
    const open = Fields.open(value, place);
    if (open === undefined) return undefined;
    const found = Object.entries(fields).map(([key, { schema, presence }]) => [
      key,
      presence === 'required' ? open.required(key, schema.read, RECREATE) : open.optional(key, schema.read),
    ]);
    const known: unknown = Object.fromEntries(found.filter(([, item]) => item !== undefined));
    return { ...(isObject(value) ? value : {}), ...(known as Shaped<F>) };
  };
  return {
    read,
    write: asIs,
    shape: shapeOf(members, [...rules, ...rulesOf(fields)]),
    type: 'object',
    below: { path: '.', members },
  };
}

export function listOf<T>(item: Schema<T>, maxItems: number): Schema<T[]> {
  const read: Read<T[]> = (value, place) => {
    if (!Array.isArray(value)) return complain(place, value, `is ${kindOf(value)}, not a list`, RECREATE);
    return value
      .map((entry: unknown, index) =>
        item.read(entry, { path: `${place.path}[${index}]`, issues: place.issues }),
      )
      .filter((entry) => entry !== undefined);
  };
  const { below } = item;
  return {
    read,
    write: asIs,
    shape: { type: 'array', maxItems, items: item.shape },
    type: below === undefined ? `list: ${item.type}` : 'list',
    ...(below === undefined ? {} : { below: { path: `[]${below.path}`, members: below.members } }),
  };
}

export function mapOf<T>(
  item: Schema<T>,
  limits: { maxProperties?: number } = {},
): Schema<Record<string, T>> {
  const read: Read<Record<string, T>> = (value, place) => {
    const open = Fields.open(value, place);
    if (open === undefined) return undefined;
    const entries = open.names().map((key) => [key, open.optional(key, item.read)] as const);
    const known = entries.filter(
      (entry): entry is readonly [string, NonNullable<T>] => entry[1] !== undefined,
    );
    return Object.fromEntries<T>(known);
  };
  const { below } = item;
  return {
    read,
    write: asIs,
    shape: { type: 'object', ...limits, additionalProperties: item.shape },
    type: 'map',
    ...(below === undefined ? {} : { below: { path: `.*${below.path}`, members: below.members } }),
  };
}
