import { get, list, metadata } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { Target } from './target.ts';

/** The main resource may not write status; /status may write only status; /scale is narrowed elsewhere. */
export function keepOutside(target: Target, next: JsonObject, old: JsonObject): void {
  const { kind } = target;
  if (!kind.status) return;
  if (target.subresource !== 'status') {
    keep(next, old, 'status');
  } else {
    const fields = new Set([...Object.keys(next), ...Object.keys(old)]);
    for (const field of fields) if (field !== 'status' && field !== 'metadata') keep(next, old, field);
    keepMetadata(next, old, kind.strategy.statusMetadata === true);
  }
}

function keep(next: JsonObject, old: JsonObject, field: string): void {
  const value = get(old, field);
  if (value === undefined) Reflect.deleteProperty(next, field);
  else next[field] = value;
}

function keepMetadata(next: JsonObject, old: JsonObject, labelsToo: boolean): void {
  const meta = metadata(next);
  const before = metadata(old);
  const fields = labelsToo
    ? ['ownerReferences', 'finalizers']
    : ['labels', 'annotations', 'ownerReferences', 'finalizers'];
  for (const field of fields) keep(meta, before, field);
}

export const hasFinalizers = (object: JsonObject): boolean =>
  list(get(object, 'metadata', 'finalizers')).length > 0;
