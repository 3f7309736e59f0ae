import { MAX_DURATION_MS, formatDuration, parseDuration } from '../duration.ts';
import { isObject } from '../json.ts';
import { complain, kindOf, type Place, type Read } from './fields.ts';
import { suggest } from './suggest.ts';

export const boolean: Read<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : wrongKind(place, value, 'true or false');

/** A string of 1 to `max` characters that is not only white space. */
export function text(max: number): Read<string> {
  const wanted = `text of 1 to ${max} characters`;
  return (value, place) => {
    if (typeof value !== 'string') return wrongKind(place, value, wanted);
    if (value.trim() === '') return complain(place, value, 'is empty', `give ${wanted}`);
    if (value.length > max) {
      return complain(place, value, `is ${value.length} characters long`, `give ${wanted}`);
    }
    return value;
  };
}

export interface Shape {
  pattern: RegExp;
  max: number;
  /** what it is called, with its article */
  name: string;
  /** what it has to look like */
  rule: string;
}

export function matching({ pattern, max, name, rule }: Shape): Read<string> {
  return (value, place) => {
    if (typeof value !== 'string') return wrongKind(place, value, `${name} (${rule})`);
    if (value.length <= max && pattern.test(value)) return value;
    return complain(place, value, `is not ${name}`, `give ${rule}`);
  };
}

export const DNS_LABEL: Shape = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  max: 63,
  name: 'a DNS label',
  rule: '1 to 63 lower-case letters, digits and "-", with a letter or digit at both ends',
};
export const DNS_SUBDOMAIN: Shape = {
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
  max: 253,
  name: 'an object name',
  rule: '1 to 253 lower-case letters, digits, "-" and ".", with a letter or digit at both ends',
};
export const ARGUMENT_NAME: Shape = {
  pattern: /^[A-Za-z][A-Za-z0-9_]*$/,
  max: 63,
  name: 'an argument name',
  rule: 'a letter, then letters, digits and "_", at most 63 in all',
};
/** Names that begin with two underscores are Prometheus' own. */
export const METRIC_LABEL: Shape = {
  pattern: /^(_[A-Za-z0-9]|[A-Za-z])[A-Za-z0-9_]*$/,
  max: 63,
  name: 'a label of metrics',
  rule: 'letters, digits and "_", not beginning with a digit or "__", at most 63 in all',
};

const argumentName = matching(ARGUMENT_NAME);

export interface Range {
  min: number;
  max: number;
  integer?: boolean;
  /** what to give instead, where the range alone does not say it */
  wanted?: string;
}

export function number(range: Range): Read<number> {
  const kind = range.integer === true ? 'a whole number' : 'a number';
  const { wanted = `${kind} from ${range.min} to ${range.max}` } = range;
  return (value, place) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return wrongKind(place, value, wanted);
    if (range.integer === true && !Number.isSafeInteger(value)) {
      return complain(place, value, 'is not a whole number', `give ${wanted}`);
    }
    if (value < range.min) return complain(place, value, 'is too small', `give ${wanted}`);
    return value > range.max ? complain(place, value, `is above ${range.max}`, `give ${wanted}`) : value;
  };
}

/** A Go duration as text, to milliseconds. */
export function duration(minMs = 0, maxMs = MAX_DURATION_MS): Read<number> {
  const wanted =
    maxMs === MAX_DURATION_MS
      ? 'a duration like 30s, 2m or 1h30m'
      : `a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}, like 30s, 2m or 1h30m`;
  return (value, place) => {
    if (typeof value !== 'string') return wrongKind(place, value, wanted);
    const ms = parseDuration(value);
    if (ms === undefined) return complain(place, value, 'is not a duration', `give ${wanted}`);
    if (ms < minMs) {
      return complain(place, value, `is shorter than ${formatDuration(minMs)}`, `give ${wanted}`);
    }
    return ms > maxMs
      ? complain(place, value, `is longer than ${formatDuration(maxMs)}`, `give ${wanted}`)
      : ms;
  };
}

export function oneOf<const T extends string>(options: readonly T[]): Read<T> {
  const wanted = `one of ${options.join(', ')}`;
  return (value, place) => {
    const found = options.find((option) => option === value);
    if (found !== undefined) return found;
    if (typeof value !== 'string') return wrongKind(place, value, wanted);
    const meant = suggest(value, options);
    const remedy = meant === undefined ? `give ${wanted}` : `did you mean ${meant}? Give ${wanted}`;
    return complain(place, value, 'is not known', remedy);
  };
}

/** A list of 0 (or `min`) to `max` items; `undefined` if any of them is unusable. */
export function list<T>(item: Read<T>, max: number, min = 0): Read<T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) return wrongKind(place, value, 'a list');
    if (value.length < min || value.length > max) {
      const message = `has ${value.length} ${value.length === 1 ? 'item' : 'items'}`;
      return complain(place, value, message, `give a list of ${min} to ${max}`);
    }
    const items = value.map((entry: unknown, index) =>
      item(entry, { path: `${place.path}[${index}]`, issues: place.issues }),
    );
    return items.every((entry) => entry !== undefined) ? items : undefined;
  };
}

/** A map from argument names to short texts. */
export function textMap(maxEntries: number, maxText: number): Read<Record<string, string>> {
  return (value, place) => {
    if (!isObject(value)) return wrongKind(place, value, 'a map of texts');
    const entries = Object.entries(value);
    if (entries.length > maxEntries) {
      return complain(place, value, `has ${entries.length} entries`, `give at most ${maxEntries}`);
    }
    const result: Record<string, string> = {};
    for (const [name, entry] of entries) {
      const at = { path: `${place.path}[${JSON.stringify(name)}]`, issues: place.issues };
      const key = argumentName(name, at);
      if (typeof entry !== 'string' || entry.length > maxText) {
        complain(at, entry, 'is not a short text', `give text of at most ${maxText} characters, in quotes`);
      } else if (key !== undefined) result[key] = entry;
    }
    return result;
  };
}

/** An issue at `place` for each name that occurs more than once. */
export function refuseDuplicates(names: readonly string[], place: Place): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) complain(place, name, 'is there twice', 'give each name once');
    seen.add(name);
  }
}

function wrongKind(place: Place, value: unknown, wanted: string): undefined {
  const quoted = typeof value === 'string' && /^-?\d+(\.\d+)?$|^(true|false)$/.test(value);
  const remedy = quoted ? `give ${wanted}, without quotes` : `give ${wanted}`;
  return complain(place, value, `is ${kindOf(value)}`, remedy);
}
