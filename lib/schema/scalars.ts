import { MAX_DURATION_MS, formatDuration } from '../duration.ts';
import type { Json } from '../json.ts';
import * as read from './read.ts';
import type { Schema } from './schema.ts';

export const boolean: Schema<boolean> = {
  read: read.boolean,
  write: (value) => value,
  shape: { type: 'boolean' },
  type: 'true or false',
};

export function text(max: number): Schema<string> {
  return {
    read: read.text(max),
    write: (value) => value,
    shape: { type: 'string', minLength: 1, maxLength: max },
    type: 'text',
  };
}

/** Text of a pattern; `type` is what a table calls it. */
export function matching(form: read.Shape & { type: string }): Schema<string> {
  return {
    read: read.matching(form),
    write: (value) => value,
    shape: { type: 'string', maxLength: form.max, pattern: form.pattern.source },
    type: form.type,
  };
}

export const dnsLabel = matching({ ...read.DNS_LABEL, type: 'name' });
export const dnsSubdomain = matching({ ...read.DNS_SUBDOMAIN, type: 'name' });
export const metricLabel = matching({ ...read.METRIC_LABEL, type: 'label' });
export const argumentName = matching({ ...read.ARGUMENT_NAME, type: 'name' });

export function number(range: read.Range): Schema<number> {
  const { min, max, integer = false } = range;
  return {
    read: read.number(range),
    write: (value) => value,
    shape: {
      ...(integer ? { type: 'integer', format: 'int32' } : { type: 'number' }),
      minimum: min,
      maximum: max,
    },
    type: `${integer ? 'whole number' : 'number'}, ${plain(min)} to ${plain(max)}`,
  };
}

export const count = (min: number, max: number): Schema<number> => number({ min, max, integer: true });

/** 0.000001, not 1e-6 */
const plain = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: 6, useGrouping: false });

/** A duration: text on the wire; after reading, milliseconds under its name with `Ms` appended. */
export interface DurationSchema extends Schema<number> {
  suffix: 'Ms';
}

export function duration(minMs = 0, maxMs = MAX_DURATION_MS): DurationSchema {
  const parts = String.raw`([0-9]+(\.[0-9]+)?(ms|h|m|s))+`;
  const [least, most] = [formatDuration(minMs), formatDuration(maxMs)];
  const unbounded = minMs === 0 ? '' : `, at least ${least}`;
  return {
    read: read.duration(minMs, maxMs),
    write: (ms) => formatDuration(ms),
    shape: { type: 'string', maxLength: 64, pattern: `^(0|${parts})$` },
    type: maxMs === MAX_DURATION_MS ? `duration${unbounded}` : `duration, ${least} to ${most}`,
    suffix: 'Ms',
  };
}

export function oneOf<const T extends string>(options: readonly T[]): Schema<T> {
  return {
    read: read.oneOf(options),
    write: (value) => value,
    shape: { type: 'string', enum: [...options] },
    type: options.map((each) => `\`${each}\``).join(', '),
  };
}

export function list<T>(item: Schema<T>, max: number, min = 0): Schema<T[]> {
  return {
    read: read.list(item.read, max, min),
    write: (items) => items.map((each) => item.write(each)),
    shape: { type: 'array', ...(min === 0 ? {} : { minItems: min }), maxItems: max, items: item.shape },
    type: item.below === undefined ? `list: ${item.type}` : 'list',
    ...(item.below === undefined
      ? {}
      : { below: { path: `[]${item.below.path}`, members: item.below.members } }),
  };
}

/** A list whose items are named by their field `key`; an API server tells them apart by it. */
export function listBy<T>(key: string, items: Schema<T[]>): Schema<T[]> {
  const { type, ...shape } = items.shape;
  const named = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] };
  return { ...items, shape: { type: type ?? 'array', ...named, ...shape } };
}

/** A map from argument names to short texts. */
export function textMap(maxEntries: number, maxText: number): Schema<Record<string, string>> {
  return {
    read: read.textMap(maxEntries, maxText),
    write: (map) => ({ ...map }),
    shape: {
      type: 'object',
      maxProperties: maxEntries,
      additionalProperties: { type: 'string', maxLength: maxText },
    },
    type: 'map of texts',
  };
}

/** A value as people write it in a sentence. */
export function shown(value: Json | undefined): string {
  if (Array.isArray(value)) return value.map(shown).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
