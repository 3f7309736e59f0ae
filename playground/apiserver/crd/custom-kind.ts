import { equal, get, list, object, objects, text, without } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Column, Kind, KindVersion, ScalePaths } from '../registry/kind.ts';
import { builtinSchema } from '../schema/builtin.ts';
import { decode } from '../schema/decode.ts';
import { AGE, age, column, NAME } from '../strategies/columns.ts';
import { applyDefaults, prune, toSchema } from './structural.ts';
import { validateCustom } from './validate.ts';

/** The kind a CustomResourceDefinition describes. */
export function customKind(definition: JsonObject): Kind {
  const spec = object(definition['spec']);
  const names = object(spec['names']);
  const versions = objects(spec['versions']).filter(
    (version) => version['served'] === true || version['storage'] === true,
  );
  const stored = versions.find((version) => version['storage'] === true) ?? {};
  const ordered = [stored, ...versions.filter((version) => version !== stored)];
  const group = text(spec['group']);
  const plural = text(names['plural']);
  const schema = schemaOf(stored);
  const status = get(stored, 'subresources', 'status') !== undefined;
  const scale = scalePaths(object(get(stored, 'subresources', 'scale')));
  return {
    group,
    plural,
    kind: text(names['kind']),
    resource: `${plural}.${group}`,
    singular: text(names['singular']),
    namespaced: spec['scope'] === 'Namespaced',
    shortNames: list(names['shortNames']).map(String),
    categories: list(names['categories']).map(String),
    versions: ordered
      .filter((version) => version['served'] === true)
      .map((version) => versionOf(version, definition)),
    preferred: preferredVersion(
      versions.filter((version) => version['served'] === true).map((v) => text(v['name'])),
    ),
    status,
    ...(scale ? { scale } : {}),
    custom: true,
    strategy: {
      defaults: (custom) => applyDefaults(schema, custom),
      validate: (custom, causes, old) => validateCustom(schema, custom, old, causes),
      validateStatus: (custom, causes, old) => validateCustom(schema, custom, old, causes),
      generation: (next, old) => !equal(content(next, status), content(old, status)),
      needsVersion: true,
      selectable: (custom) => selectable(custom, stored),
    },
  };
}

const schemaOf = (version: JsonObject): JsonObject => object(get(version, 'schema', 'openAPIV3Schema'));

/**
 * What counts for metadata.generation: everything except metadata, and except status if that is a
 * subresource.
 */
function content(custom: JsonObject, status: boolean): JsonObject {
  return without(custom, 'metadata', ...(status ? ['status'] : []));
}

function versionOf(version: JsonObject, definition: JsonObject): KindVersion {
  const name = text(version['name']);
  const schema = schemaOf(version);
  const kind = text(get(definition, 'spec', 'names', 'kind'));
  const group = text(get(definition, 'spec', 'group'));
  const preferred = preferredVersion(
    objects(get(definition, 'spec', 'versions')).map((v) => text(v['name'])),
  );
  const fallback = `${group}/${name} ${kind} is deprecated; use ${group}/${preferred} ${kind}`;
  return {
    name,
    schema: toSchema(schema, kind),
    columns: columnsOf(version),
    read: (source) => readCustom(schema, source),
    ...(version['deprecated'] === true
      ? { deprecation: text(version['deprecationWarning']) || fallback }
      : {}),
  };
}

function readCustom(schema: JsonObject, source: JsonObject): { value: JsonObject; unknown: string[] } {
  const { apiVersion, kind, metadata: meta, ...rest } = source;
  const head = decode(builtinSchema('V1ObjectMeta'), object(meta));
  const unknown = head.unknown.map((path) => `metadata.${path}`);
  const body = prune(schema, rest, '', unknown) as JsonObject;
  return { value: { apiVersion, kind, metadata: head.value, ...body }, unknown };
}

function segments(path: Json | undefined): string[] {
  return text(path)
    .split('.')
    .filter((part) => part !== '');
}

function scalePaths(scale: JsonObject): ScalePaths | undefined {
  if (scale['specReplicasPath'] === undefined) return undefined;
  const selector = segments(scale['labelSelectorPath']);
  return {
    spec: segments(scale['specReplicasPath']),
    status: segments(scale['statusReplicasPath']),
    ...(selector.length > 0 ? { selector } : {}),
    selectorObject: false,
  };
}

function selectable(custom: JsonObject, version: JsonObject): Record<string, string> {
  const out: Record<string, string> = {};
  for (const field of objects(version['selectableFields'])) {
    const path = segments(field['jsonPath']);
    const value = get(custom, ...path);
    out[path.join('.')] =
      value === undefined || value === null ? '' : typeof value === 'object' ? '' : String(value);
  }
  return out;
}

/** v2 before v1 before v1beta2 before v1alpha1, the order of a real server. */
export function preferredVersion(names: string[]): string {
  return [...names].sort(byPriority)[0] ?? '';
}

export function byPriority(a: string, b: string): number {
  const rank = (name: string): number[] => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(name);
    if (!match) return [0, 0, 0];
    const stage = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
    return [stage, Number(match[1]), Number(match[3] ?? 0)];
  };
  const [x, y] = [rank(a), rank(b)];
  for (let i = 0; i < 3; i++) if (x[i] !== y[i]) return (y[i] ?? 0) - (x[i] ?? 0);
  return a < b ? -1 : 1;
}

function columnsOf(version: JsonObject): Column[] {
  const extra = objects(version['additionalPrinterColumns']);
  if (extra.length === 0) return [NAME, { ...AGE, type: 'date' }];
  return [NAME, ...extra.map(printerColumn)];
}

function printerColumn(definition: JsonObject): Column {
  const type = text(definition['type']);
  const path = text(definition['jsonPath']);
  return {
    ...column(text(definition['name']), (custom, now) => {
      const value = jsonPath(custom, path);
      if (value === undefined || value === null) return null;
      if (type === 'date') return age(value, now);
      if (type === 'string') return typeof value === 'object' ? JSON.stringify(value) : String(value);
      return value;
    }),
    type,
    format: text(definition['format']),
    description: text(definition['description']) || 'Custom column',
    priority: Number(definition['priority'] ?? 0),
  };
}

/** The part of JSONPath that printer columns use: .a.b, [0], ['key'], [?(@.type=="x")]. */
function jsonPath(value: Json, path: string): Json | undefined {
  const steps = path.matchAll(
    /\.([\w-]+)|\['([^']+)'\]|\[(\d+)\]|\[\?\(@\.([\w.]+)\s*==\s*["']([^"']*)["']\)\]/g,
  );
  let current: Json | undefined = value;
  for (const [, name, quoted, index, field, wanted] of steps) {
    if (index !== undefined) current = list(current)[Number(index)];
    else if (field !== undefined)
      current = objects(current).find((item) => get(item, ...field.split('.')) === wanted);
    else current = get(current, name ?? quoted ?? '');
  }
  return current;
}
