import { get, list, objects, strings, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Column } from '../registry/kind.ts';

/** "5s", "3m12s", "47h", "12d": a span of time as kubectl shows it. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 && days % 365 !== 0 ? `${years}y${days % 365}d` : `${years}y`;
}

export function age(time: Json | undefined, now: number): string {
  return typeof time === 'string' ? humanDuration(now - Date.parse(time)) : '<unknown>';
}

interface ColumnOptions {
  type?: string;
  wide?: boolean;
}

export function column(name: string, cell: Column['cell'], options: ColumnOptions = {}): Column {
  return {
    name,
    type: options.type ?? 'string',
    format: '',
    description: name,
    priority: options.wide ? 1 : 0,
    cell,
  };
}

export const NAME: Column = {
  ...column('Name', (object) => get(object, 'metadata', 'name') ?? null),
  format: 'name',
};

export const AGE: Column = column('Age', (object, now) =>
  age(get(object, 'metadata', 'creationTimestamp'), now),
);

/** Name and creation time, for kinds without columns of their own. */
export const DEFAULT_COLUMNS: Column[] = [
  NAME,
  {
    ...column('Created At', (object) => get(object, 'metadata', 'creationTimestamp') ?? null),
    type: 'date',
  },
];

/** "a=b,c=d", or "<none>" */
export function labelsCell(labels: Json | undefined): string {
  const pairs = Object.entries(strings(labels)).map(([key, value]) => `${key}=${value}`);
  return pairs.length ? pairs.sort().join(',') : '<none>';
}

export function selectorCell(selector: Json | undefined): string {
  const parts = Object.entries(strings(get(selector, 'matchLabels'))).map(
    ([key, value]) => `${key}=${value}`,
  );
  for (const expression of objects(get(selector, 'matchExpressions'))) {
    const values = list(expression['values']).map(String).join(',');
    const key = text(expression['key']);
    const operator = text(expression['operator']);
    if (operator === 'Exists') parts.push(key);
    else if (operator === 'DoesNotExist') parts.push(`!${key}`);
    else parts.push(`${key} ${operator.toLowerCase()} (${values})`);
  }
  return parts.length ? parts.sort().join(',') : '<none>';
}

const containers = (object: JsonObject): JsonObject[] =>
  objects(get(object, 'spec', 'template', 'spec', 'containers'));

/** Containers, images and selector of every kind with a pod template, shown by -o wide. */
export const TEMPLATE_COLUMNS: Column[] = [
  column(
    'Containers',
    (o) =>
      containers(o)
        .map((c) => text(c['name']))
        .join(','),
    { wide: true },
  ),
  column(
    'Images',
    (o) =>
      containers(o)
        .map((c) => text(c['image']))
        .join(','),
    { wide: true },
  ),
  column('Selector', (o) => selectorCell(get(o, 'spec', 'selector')), { wide: true }),
];

export const count = (object: JsonObject, ...path: string[]): number => Number(get(object, ...path) ?? 0);
