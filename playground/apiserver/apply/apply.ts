/** Server-side apply: merge, prune, conflicts, ownership. */
import { ApiError } from '../errors.ts';
import { isObject, metadata, object, without } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { apiVersionOf } from '../registry/kind.ts';
import type { Target } from '../registry/target.ts';
import { ANY, fieldOf } from '../schema/schema.ts';
import type { Schema } from '../schema/schema.ts';
import { compare, fieldsOf } from './compare.ts';
import { difference, intersection, isEmpty, union } from '../../../api/field-sets.ts';
import type { FieldSet } from '../../../api/field-sets.ts';
import { itemStep, paths, showPath } from './fieldset.ts';
import { mergeApplied, removeAbandoned } from './merge.ts';
import { isSame, ownable, readManagers, stamp, within, writeManagers } from './managers.ts';
import type { Manager } from './managers.ts';

export interface Applied {
  manager: string;
  force: boolean;
  /** milliseconds */
  now: number;
}

const BEFORE_FIRST = 'before-first-apply';

/**
 * The object after applying `config` (in stored shape, without defaults) to `live`, with managedFields set.
 * `sent` is the configuration as the client sent it, whose fields are claimed even if they are empty;
 * `complete` fills defaults in. Throws 409 for conflicts.
 */
export function applyConfig(
  target: Target,
  live: JsonObject | undefined,
  config: JsonObject,
  options: Applied & { sent: JsonObject; complete: (draft: JsonObject) => void },
): JsonObject {
  const schema = target.kind.versions[0]?.schema ?? target.version.schema;
  checkDuplicates(schema, config, '');
  const managers = currentManagers(target, schema, live, options);
  const self = identity(target, options.manager);
  const own = managers.find((manager) => isSame(manager, self));
  const claimed = within(
    fieldsOf(schema, withoutManaged(options.sent)),
    target.subresource,
    target.kind.status,
  );
  const others = managers.filter((manager) => manager !== own);

  const merged = object(mergeApplied(schema, live ?? {}, config));
  const owned = others.reduce((all, manager) => union(all, manager.fields), withIdentity(claimed));
  const next = own ? object(removeAbandoned(schema, merged, own.fields, owned)) : merged;
  removeZeros(next, withoutManaged(options.sent), config);
  delete metadata(next)['managedFields'];
  options.complete(next);

  const { changed, removed } = compare(schema, withoutOwnership(live), next);
  // a claimed field that is removed was set to a zero
  if (!options.force) refuseConflicts(others, union(changed, intersection(removed, claimed)));
  const touched = union(changed, removed);
  const kept = others.map((manager) => ({ ...manager, fields: difference(manager.fields, touched) }));
  const fields = ownable(claimed);
  // the time does not change if only the ownership changes
  const time = isEmpty(touched) ? own?.time : stamp(options.now);
  writeManagers(next, [...kept, { ...self, fields, time }]);
  return next;
}

function identity(target: Target, name: string): Omit<Manager, 'fields' | 'time'> {
  const apiVersion = apiVersionOf(target.kind, target.version.name);
  return { name, operation: 'Apply', apiVersion, subresource: target.subresource ?? '' };
}

/** The comparison ignores ownership. */
const withoutOwnership = (live: JsonObject | undefined): JsonObject => (live ? withoutManaged(live) : {});

const withoutManaged = (config: JsonObject): JsonObject => ({
  ...config,
  metadata: without(metadata(config), 'managedFields'),
});

/** metadata itself is never abandoned. */
function withIdentity(claimed: FieldSet): FieldSet {
  const meta = { member: false, children: new Map([['f:name', { member: true, children: new Map() }]]) };
  return union(claimed, { member: false, children: new Map([['f:metadata', meta]]) });
}

/** An object without tracked owners belongs to "before-first-apply". */
function currentManagers(
  target: Target,
  schema: Schema,
  live: JsonObject | undefined,
  options: Applied,
): Manager[] {
  const managers = readManagers(live) ?? [];
  if (!live || managers.length > 0) return managers;
  const fields = ownable(compare(schema, {}, live).changed);
  const first = { ...identity(target, BEFORE_FIRST), operation: 'Update' as const, subresource: '' };
  return [{ ...first, fields, time: stamp(options.now) }];
}

function refuseConflicts(others: Manager[], changed: FieldSet): void {
  const causes = others.flatMap((manager) =>
    paths(intersection(manager.fields, changed)).map((path) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${describe(manager)}`,
      field: showPath(path),
    })),
  );
  if (causes.length === 0) return;
  const plural = causes.length === 1 ? 'conflict' : 'conflicts';
  const list = causes.map((cause) => `${cause.message}: ${cause.field}`).join('\n');
  const message = `Apply failed with ${causes.length} ${plural}: ${list}`;
  throw new ApiError(409, 'Conflict', message, { causes });
}

function describe(manager: Manager): string {
  const subresource = manager.subresource === '' ? '' : ` with subresource "${manager.subresource}"`;
  const using = manager.operation === 'Update' ? ` using ${manager.apiVersion}` : '';
  return `"${manager.name}"${subresource}${using}`;
}

/**
 * A zero that was sent (`paused: false`), but is not stored as such, removes the live value. Items of lists
 * keep theirs.
 */
function removeZeros(next: JsonObject, sent: JsonObject, stored: JsonObject): void {
  for (const [key, value] of Object.entries(sent)) {
    const [live, kept] = [next[key], stored[key]];
    if ((value === false || value === 0 || value === '') && kept === undefined)
      Reflect.deleteProperty(next, key);
    else if (isObject(value) && isObject(live)) removeZeros(live, value, object(kept));
  }
}

/** Two items with the same key cannot be merged. */
function checkDuplicates(schema: Schema, value: Json | undefined, path: string): void {
  if (Array.isArray(value) && schema.kind === 'list' && schema.type !== 'atomic') {
    const seen = new Set<string>();
    for (const item of value) {
      const step = itemStep(schema, item);
      if (step === undefined) throw new ApiError(500, '', `${path}: an item of this list lacks its keys`);
      if (seen.has(step))
        throw new ApiError(500, '', `${path}: duplicate entries for key ${showPath([step])}`);
      seen.add(step);
      checkDuplicates(schema.items, item, `${path}${showPath([step])}`);
    }
  } else if (isObject(value)) {
    for (const [key, entry] of Object.entries(value))
      checkDuplicates(fieldOf(schema, key) ?? ANY, entry, `${path}.${key}`);
  }
}
