import { builtin } from '../registry/kind.ts';
import type { Env } from '../registry/kind.ts';
import { timestamp } from '../registry/metadata.ts';
import { Causes } from '../errors.ts';
import { child, fill, get, isObject, list, metadata, object, objects, text, without } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { DEFAULT_COLUMNS } from '../strategies/columns.ts';
import { specChanged } from '../strategies/workloads.ts';
import { checkRules } from './cel.ts';
import { validateCustom } from './validate.ts';

export const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

function defaults(definition: JsonObject): void {
  const spec = child(definition, 'spec');
  const names = child(spec, 'names');
  fill(names, 'singular', text(names['kind']).toLowerCase());
  fill(names, 'listKind', `${text(names['kind'])}List`);
  fill(child(spec, 'conversion'), 'strategy', 'None');
}

function prepareCreate(definition: JsonObject): void {
  const stored = objects(get(definition, 'spec', 'versions')).filter(
    (version) => version['storage'] === true,
  );
  definition['status'] = { conditions: null, storedVersions: stored.map((version) => text(version['name'])) };
}

/** A real server treats a definition's deletion neither as a new generation nor as graceful. */
function prepareDelete(definition: JsonObject, env: Env): void {
  const meta = metadata(definition);
  delete meta['deletionGracePeriodSeconds'];
  meta['generation'] = Number(meta['generation'] ?? 1) - 1;
  const status = child(definition, 'status');
  const condition = {
    type: 'Terminating',
    status: 'True',
    lastTransitionTime: timestamp(env.now()),
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  };
  status['conditions'] = [...list(status['conditions']), condition];
}

function validate(definition: JsonObject, causes: Causes): void {
  const spec = object(definition['spec']);
  const expected = `${text(get(spec, 'names', 'plural'))}.${text(spec['group'])}`;
  const name = text(get(definition, 'metadata', 'name'));
  if (name !== expected) causes.invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group');
  const scopes = ['Cluster', 'Namespaced'];
  if (!scopes.includes(text(spec['scope']))) causes.unsupported('spec.scope', spec['scope'], scopes);
  const versions = objects(spec['versions']);
  if (versions.filter((version) => version['storage'] === true).length !== 1) {
    causes.invalid(
      'spec.versions',
      spec['versions'],
      'must have exactly one version marked as storage version',
    );
    causes.invalid('status.storedVersions', null, 'must have at least one stored version');
  }
  versions.forEach((version, i) => {
    const schema = get(version, 'schema', 'openAPIV3Schema');
    const one = versions.length === 1 ? 'spec.validation' : `spec.versions[${i}].schema`;
    if (isObject(schema)) validateRoot(schema, `${one}.openAPIV3Schema`, causes);
    else causes.required(`spec.versions[${i}].schema.openAPIV3Schema`);
  });
}

function validateRoot(schema: JsonObject, field: string, causes: Causes): void {
  if (text(schema['type']) === '') causes.required(`${field}.type`, 'must not be empty at the root');
  validateNode(schema, field, causes, true);
}

/** Checks that a schema is structural, and that its own defaults and rules are valid. */
function validateNode(schema: JsonObject, field: string, causes: Causes, isRoot = false): void {
  validateDefault(schema, field, causes);
  for (const { field: at, rule, wrong } of checkRules(schema, isRoot))
    if (wrong === '') causes.required(`${field}.${at}`);
    else causes.invalid(`${field}.${at}`, rule, wrong);
  if (schema['x-kubernetes-list-type'] === 'map') validateListMap(schema, field, causes);
  for (const [key, property] of Object.entries(object(schema['properties']))) {
    if (isObject(property))
      validateTyped(property, `${field}.properties[${key}]`, 'for specified object fields', causes);
  }
  const { items, additionalProperties } = schema;
  if (isObject(items)) validateTyped(items, `${field}.items`, 'for specified array items', causes);
  if (isObject(additionalProperties))
    validateNode(additionalProperties, `${field}.additionalProperties`, causes);
}

function validateTyped(schema: JsonObject, field: string, where: string, causes: Causes): void {
  const free =
    schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (text(schema['type']) === '' && !free) causes.required(`${field}.type`, `must not be empty ${where}`);
  validateNode(schema, field, causes);
}

function validateDefault(schema: JsonObject, field: string, causes: Causes): void {
  const fallback = schema['default'];
  if (fallback === undefined) return;
  const found = new Causes();
  validateCustom(
    { type: 'object', properties: { '': without(schema, 'default') } },
    { '': fallback },
    undefined,
    found,
  );
  for (const cause of found.all) {
    if (cause.field !== '<nil>') causes.other({ ...cause, field: `${field}.default` });
  }
}

function validateListMap(schema: JsonObject, field: string, causes: Causes): void {
  const why = 'if x-kubernetes-list-type is map';
  if (list(schema['x-kubernetes-list-map-keys']).length === 0) {
    causes.required(`${field}.x-kubernetes-list-map-keys`, `must not be empty ${why}`);
  }
  const type = text(get(schema, 'items', 'type'));
  if (type !== 'object')
    causes.invalid(
      `${field}.items.type`,
      type,
      "must be object if parent array's x-kubernetes-list-type is map",
    );
}

export const customresourcedefinitions = builtin({
  group: 'apiextensions.k8s.io',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  status: true,
  columns: DEFAULT_COLUMNS,
  strategy: {
    defaults,
    prepareCreate,
    prepareDelete,
    validate,
    generation: specChanged,
  },
});
