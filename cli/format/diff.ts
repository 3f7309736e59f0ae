import { equalJson, getString, isObject } from '../../api/json.ts';
import type { Json } from '../../api/kube.ts';

const MAX_SHOWN = 80;

export interface FieldChange {
  /** e.g. "spec.containers[app].image" */
  path: string;
  /** shortened JSON; absent: the field was or is not there */
  before?: string;
  after?: string;
}

/** What differs between two JSON values, field by field. Items of lists are told apart by their name where they have one. */
export function diffJson(before: Json | undefined, after: Json | undefined, path = ''): FieldChange[] {
  if (equalJson(before, after)) return [];
  const parts = both(before, after);
  if (parts === undefined) return [change(path, before, after)];
  return [...parts].flatMap(([part, [old, now]]) =>
    diffJson(old, now, path + (path === '' ? part.slice(1) : part)),
  );
}

type Parts = Map<string, [Json | undefined, Json | undefined]>;

/** Fields or items of two containers of the same kind, by path part; undefined where they cannot be compared deeper. */
function both(before: Json | undefined, after: Json | undefined): Parts | undefined {
  const old = entries(before);
  const now = entries(after);
  if (old === undefined || now === undefined || Array.isArray(before) !== Array.isArray(after))
    return undefined;
  const parts: Parts = new Map();
  for (const [part, value] of old) parts.set(part, [value, undefined]);
  for (const [part, value] of now) parts.set(part, [parts.get(part)?.[0], value]);
  return parts;
}

function entries(value: Json | undefined): [string, Json | undefined][] | undefined {
  if (Array.isArray(value)) return items(value);
  if (!isObject(value)) return undefined;
  return Object.entries(value).map(([name, item]) => [
    /^[\w-]+$/.test(name) ? `.${name}` : `[${name}]`,
    item,
  ]);
}

function items(list: Json[]): [string, Json][] {
  const names = list.map((item) => getString(item, 'name'));
  const named = new Set(names).size === list.length && names.every((name) => name !== undefined);
  return list.map((item, index) => [`[${named ? (names[index] ?? '') : index}]`, item]);
}

function change(path: string, before: Json | undefined, after: Json | undefined): FieldChange {
  return {
    path,
    ...(before === undefined ? {} : { before: show(before) }),
    ...(after === undefined ? {} : { after: show(after) }),
  };
}

function show(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text;
}

/** "spec.containers[app].image: shop:1 → shop:2" */
export function formatChange(item: FieldChange): string {
  if (item.before === undefined) return `${item.path}: added ${item.after ?? ''}`;
  if (item.after === undefined) return `${item.path}: removed ${item.before}`;
  return `${item.path}: ${item.before} → ${item.after}`;
}
