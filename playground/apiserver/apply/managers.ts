/** metadata.managedFields as a list of managers with their field sets. */
import { get, list, objects, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { timestamp } from '../registry/metadata.ts';
import { emptySet, fromFieldsV1, isEmpty, toFieldsV1 } from '../../../api/field-sets.ts';
import type { FieldSet } from '../../../api/field-sets.ts';

export interface Manager {
  name: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  subresource: string;
  time: string | undefined;
  fields: FieldSet;
}

export const isSame = (a: Manager, b: Omit<Manager, 'fields' | 'time'>): boolean =>
  a.name === b.name &&
  a.operation === b.operation &&
  a.apiVersion === b.apiVersion &&
  a.subresource === b.subresource;

function readManager(entry: JsonObject): Manager | undefined {
  const { operation } = entry;
  if (operation !== 'Apply' && operation !== 'Update') return undefined;
  if (text(entry['fieldsType']) !== 'FieldsV1') return undefined;
  return {
    name: text(entry['manager']),
    operation,
    apiVersion: text(entry['apiVersion']),
    subresource: text(entry['subresource']),
    time: entry['time'] === undefined ? undefined : text(entry['time']),
    fields: fromFieldsV1(entry['fieldsV1']),
  };
}

/** Undefined if an entry is malformed, which invalidates a client's whole list. */
export function readManagers(object: JsonObject | undefined): Manager[] | undefined {
  const entries = objects(get(object, 'metadata', 'managedFields')).map(readManager);
  return entries.every((entry) => entry !== undefined) ? entries : undefined;
}

/** Fields that no manager can own. */
const UNOWNED = ['f:apiVersion', 'f:kind'];
const UNOWNED_META = [
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'generation',
    'managedFields',
    'resourceVersion',
  ],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds', 'generateName'],
].map((name) => `f:${name}`);

/** Leaves out identity and system fields. */
export function ownable(set: FieldSet): FieldSet {
  const out: FieldSet = { member: false, children: new Map(set.children) };
  for (const step of UNOWNED) out.children.delete(step);
  const meta = out.children.get('f:metadata');
  if (!meta) return out;
  const kept: FieldSet = { member: false, children: new Map(meta.children) };
  for (const step of UNOWNED_META) kept.children.delete(step);
  if (isEmpty(kept)) out.children.delete('f:metadata');
  else out.children.set('f:metadata', kept);
  return out;
}

/** A write through a subresource only counts for the part of the object that the subresource may write. */
export function within(set: FieldSet, subresource: string | undefined, hasStatus: boolean): FieldSet {
  if (!hasStatus) return set;
  const out: FieldSet = emptySet();
  for (const [step, child] of set.children) {
    const isStatus = step === 'f:status';
    const wanted = subresource === 'status' ? isStatus || step === 'f:metadata' : !isStatus;
    if (wanted) out.children.set(step, child);
  }
  return out;
}

function order(a: Manager, b: Manager): number {
  if (a.operation !== b.operation) return a.operation < b.operation ? -1 : 1;
  if (a.time !== b.time) return (a.time ?? '') < (b.time ?? '') ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

export function writeManagers(object: JsonObject, managers: Manager[]): void {
  const meta = (object['metadata'] ?? {}) as JsonObject;
  const entries = managers.filter((manager) => !isEmpty(manager.fields)).sort(order);
  if (entries.length === 0) delete meta['managedFields'];
  else meta['managedFields'] = entries.map(writeManager);
}

function writeManager(manager: Manager): Json {
  return {
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time === undefined ? {} : { time: manager.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(manager.fields),
    ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
  };
}

export const stamp = timestamp;
export const hasManagers = (object: JsonObject | undefined): boolean =>
  list(get(object, 'metadata', 'managedFields')).length > 0;
