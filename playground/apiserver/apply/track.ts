/** Who owns what after a plain write (create, PUT, patch). */
import { isObject, metadata, without } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { apiVersionOf } from '../registry/kind.ts';
import type { Target } from '../registry/target.ts';
import { compare } from './compare.ts';
import { difference, emptySet, isEmpty, union } from '../../../api/field-sets.ts';
import { hasManagers, isSame, ownable, readManagers, stamp, within, writeManagers } from './managers.ts';
import type { FieldSet } from '../../../api/field-sets.ts';
import type { Manager } from './managers.ts';

export interface Author {
  manager: string;
  /** milliseconds */
  now: number;
}

/**
 * What Go has in a new object before any field is set: structs by value, and lists that are never left out.
 */
const BLANK: JsonObject = { metadata: {}, spec: {}, status: {} };
const BLANK_TEMPLATE: JsonObject = { metadata: {}, spec: { containers: null } };

function blank(object: JsonObject): JsonObject {
  const out: JsonObject = { ...BLANK };
  const { spec } = object;
  if (!isObject(spec)) return out;
  if (isObject(spec['template'])) out['spec'] = { strategy: {}, template: BLANK_TEMPLATE };
  if (spec['containers'] !== undefined) out['spec'] = { containers: null };
  return out;
}

/**
 * Sets `next`'s managedFields: the author gains what changed, and all others lose what changed or was
 * removed. Without any entry in `old` nothing is tracked until the next apply, as on a real server.
 */
export function trackUpdate(
  target: Target,
  old: JsonObject | undefined,
  next: JsonObject,
  author: Author,
): void {
  if (old && (isReset(metadata(next)['managedFields']) || !hasManagers(old))) {
    writeManagers(next, []);
    return;
  }
  const { kind, subresource } = target;
  const schema = kind.versions[0]?.schema ?? target.version.schema;
  const before = old ?? (kind.custom ? {} : blank(next));
  const { changed, removed } = compare(schema, before, next);
  const touched = union(changed, removed);
  const kept = startingPoint(old, next).map((manager) => ({
    ...manager,
    fields: difference(manager.fields, touched),
  }));
  writeManagers(next, credit(target, kept, within(ownable(changed), subresource, kind.status), author));
}

/** The list that a client sent, if it is valid; otherwise the list before. */
function startingPoint(old: JsonObject | undefined, next: JsonObject): Manager[] {
  const sent = metadata(next)['managedFields'] === undefined ? undefined : readManagers(next);
  return sent ?? readManagers(old) ?? [];
}

/** Adds what the author gained to its entry. */
function credit(target: Target, managers: Manager[], gained: FieldSet, author: Author): Manager[] {
  if (isEmpty(gained)) return managers;
  const self: Omit<Manager, 'fields' | 'time'> = {
    name: author.manager,
    operation: 'Update',
    apiVersion: apiVersionOf(target.kind, target.version.name),
    subresource: target.subresource ?? '',
  };
  // ownership gained through /scale has no time
  const time = target.subresource === 'scale' ? undefined : stamp(author.now);
  const own = managers.find((manager) => isSame(manager, self));
  const fields = union(own?.fields ?? emptySet(), gained);
  return [...managers.filter((manager) => manager !== own), { ...self, fields, time }];
}

/** `managedFields: []` or `[{}]` clears the list. */
function isReset(sent: Json | undefined): boolean {
  if (!Array.isArray(sent)) return false;
  return sent.length === 0 || (sent.length === 1 && isObject(sent[0]) && Object.keys(sent[0]).length === 0);
}

/** The object without the times of its managers and its version: these alone are not a change. */
export function withoutTimes(object: JsonObject): JsonObject {
  const meta = without(metadata(object), 'resourceVersion');
  const { managedFields } = meta;
  if (Array.isArray(managedFields)) {
    meta['managedFields'] = managedFields.map((entry) => (isObject(entry) ? without(entry, 'time') : entry));
  }
  return { ...object, metadata: meta };
}
