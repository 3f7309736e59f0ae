import { equalJson, getString, isObject } from '../../lib/json.ts';
import type { Json } from '../../lib/json.ts';
import { shorten } from '../../lib/text.ts';
import { mayBeShown, type Path } from './shown.ts';

const MAX_SHOWN = 80;

/** A value as it is shown; it may be hidden, because the values of environment variables stay in the cluster. */
type Shown = { text: string } | 'hidden';

export interface FieldChange {
  /** e.g. "spec.containers[app].image" */
  path: string;
  /** absent: the field was or is not there */
  before?: Shown;
  after?: Shown;
}

interface Place {
  path: Path;
  /** also shows values that could be secrets */
  values: boolean;
}

/**
 * What differs between two JSON values, field by field. Items of lists are identified by their name where they have one.
 * Values are left out where they could be secrets, unless `values` asks for them.
 */
export function diffJson(
  before: Json | undefined,
  after: Json | undefined,
  { values = false, path = [] }: Partial<Place> = {},
): FieldChange[] {
  if (equalJson(before, after)) return [];
  const parts = both(before, after);
  if (parts === undefined) return [change(before, after, { values, path })];
  return [...parts].flatMap(([part, [old, now]]) => diffJson(old, now, { values, path: [...path, part] }));
}

type Parts = Map<string, [Json | undefined, Json | undefined]>;

/** Fields or items of two containers of the same kind, by path part; undefined where they cannot be compared deeper. */
function both(before: Json | undefined, after: Json | undefined): Parts | undefined {
  const old = before === undefined ? [] : entries(before);
  const now = after === undefined ? [] : entries(after);
  if (old === undefined || now === undefined || old.length + now.length === 0) return undefined;
  if (before !== undefined && after !== undefined && Array.isArray(before) !== Array.isArray(after))
    return undefined;
  const parts: Parts = new Map();
  for (const [part, value] of old) parts.set(part, [value, undefined]);
  for (const [part, value] of now) parts.set(part, [parts.get(part)?.[0], value]);
  return parts;
}

function entries(value: Json): [string, Json][] | undefined {
  if (Array.isArray(value)) return items(value);
  if (!isObject(value)) return undefined;
  return Object.entries(value).map(([name, item]) => [
    /^[\w-]+$/.test(name) ? `.${name}` : `[${name}]`,
    item as Json,
  ]);
}

/** The items of a list by path part. The name of an item is in its path, so it is not repeated. */
function items(list: Json[]): [string, Json][] {
  const names = list.map((item) => getString(item, 'name'));
  const named = new Set(names).size === list.length && names.every((name) => name !== undefined);
  return list.map((item, index) => {
    const part = `[${named ? (names[index] ?? '') : index}]`;
    if (!named || !isObject(item)) return [part, item];
    return [part, Object.fromEntries(Object.entries(item).filter(([field]) => field !== 'name'))];
  });
}

function change(before: Json | undefined, after: Json | undefined, { path, values }: Place): FieldChange {
  const shown = (value: Json): Shown =>
    values || mayBeShown(path, value)
      ? { text: shorten(typeof value === 'string' ? value : JSON.stringify(value), MAX_SHOWN) }
      : 'hidden';
  return {
    path: path.join('').replace(/^\./, ''),
    ...(before === undefined ? {} : { before: shown(before) }),
    ...(after === undefined ? {} : { after: shown(after) }),
  };
}

/** "spec.containers[app].image: shop:1 → shop:2", "spec.containers[app].env[TOKEN].value: changed" */
export function formatChange({ path, before, after }: FieldChange): string {
  const text = (shown: Shown) => (shown === 'hidden' ? '' : ` ${shown.text}`);
  if (before === undefined) return `${path}: added${after === undefined ? '' : text(after)}`;
  if (after === undefined) return `${path}: removed${text(before)}`;
  if (before === 'hidden' || after === 'hidden') return `${path}: changed`;
  return `${path}: ${before.text} → ${after.text}`;
}
