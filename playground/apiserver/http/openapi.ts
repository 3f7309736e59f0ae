/** OpenAPI v3, as much as kubectl needs: schemas with merge rules, and paths with their parameters. */
import type { ApiResponse } from '../contract.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Kind, KindVersion } from '../registry/kind.ts';
import type { Registry } from '../registry/registry.ts';
import { isBuiltin } from '../schema/builtin.ts';
import type { ListOf, ScalarType, Schema, Struct } from '../schema/schema.ts';
import { checksum } from './checksum.ts';
import type { Exchange } from './exchange.ts';
import { json } from './exchange.ts';
import { openApiV2 } from './openapi-v2.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const META_TYPES = new Set(
  [
    'ObjectMeta',
    'LabelSelector',
    'LabelSelectorRequirement',
    'OwnerReference',
    'ManagedFieldsEntry',
    'Condition',
  ].map((name) => `V1${name}`),
);

const SCALARS: Record<ScalarType, JsonObject> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  number: { type: 'number' },
  double: { type: 'number', format: 'double' },
  time: { type: 'string', format: 'date-time' },
  microTime: { type: 'string', format: 'date-time' },
  bytes: { type: 'string', format: 'byte' },
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  intOrString: { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' },
  any: { 'x-kubernetes-preserve-unknown-fields': true },
};

interface GroupVersion {
  group: string;
  version: string;
  kinds: { kind: Kind; version: KindVersion }[];
}

const pathOf = ({ group, version }: GroupVersion): string =>
  group === '' ? `api/${version}` : `apis/${group}/${version}`;

/** One document, built from the kinds of a group version. */
class Document {
  readonly #served: GroupVersion;
  readonly #schemas: JsonObject = {};

  constructor(served: GroupVersion) {
    this.#served = served;
  }

  build(): JsonObject {
    const paths: JsonObject = {};
    for (const { kind, version } of this.#served.kinds) {
      this.#add(version.schema, { group: kind.group, version: version.name, kind: kind.kind });
      Object.assign(paths, pathItems(pathOf(this.#served), kind, version.name));
    }
    const info = { title: 'Kubernetes', version: 'v1.36.2' };
    return { openapi: '3.0.0', info, paths, components: { schemas: this.#schemas } };
  }

  #add(struct: Struct, gvk?: JsonObject): string {
    const name = this.#name(struct);
    if (this.#schemas[name] === undefined) {
      this.#schemas[name] = {}; // before its fields: types may be recursive
      this.#schemas[name] = {
        ...this.#struct(struct),
        ...(gvk ? { 'x-kubernetes-group-version-kind': [gvk] } : {}),
      };
    }
    return name;
  }

  #name(struct: Struct): string {
    const { group, version, kinds } = this.#served;
    if (!isBuiltin(struct)) return `${group.split('.').reverse().join('.')}.${version}.${struct.name}`;
    const short = struct.name.replace(/^([A-Z][a-z]+)?V\d/, '').replace(/^(Core|Events)V1/, '');
    if (META_TYPES.has(struct.name)) return `${META}.${short}`;
    const own = kinds.some(({ kind }) => short.startsWith(kind.kind));
    return own && group !== ''
      ? `io.k8s.api.${group.split('.')[0] ?? ''}.${version}.${short}`
      : `io.k8s.api.core.v1.${short}`;
  }

  #struct(struct: Struct): JsonObject {
    const properties: JsonObject = {};
    const required: Json[] = [];
    for (const [name, field] of struct.fields) {
      properties[name] = { ...this.#schema(field.schema), ...described(field) };
      if (field.required) required.push(name);
    }
    return {
      type: 'object',
      ...described(struct),
      properties,
      ...(required.length > 0 ? { required } : {}),
      ...(struct.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      ...(struct.open ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
    };
  }

  #schema(schema: Schema): JsonObject {
    switch (schema.kind) {
      case 'scalar':
        return SCALARS[schema.type];
      case 'struct':
        return isBuiltin(schema)
          ? { $ref: `#/components/schemas/${this.#add(schema)}` }
          : this.#struct(schema);
      case 'map':
        return {
          type: 'object',
          additionalProperties: this.#schema(schema.values),
          ...(schema.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
        };
      case 'list':
        return { type: 'array', items: this.#schema(schema.items), ...mergeRules(schema) };
    }
  }
}

const described = ({ description }: { description?: string }): JsonObject =>
  description === undefined ? {} : { description };

function mergeRules(schema: ListOf): JsonObject {
  return {
    'x-kubernetes-list-type': schema.type,
    ...(schema.keys.length > 0 ? { 'x-kubernetes-list-map-keys': schema.keys } : {}),
    ...(schema.mergeKey === undefined ? {} : { 'x-kubernetes-patch-strategy': 'merge' }),
    ...(schema.mergeKey ? { 'x-kubernetes-patch-merge-key': schema.mergeKey } : {}),
  };
}

const query = (name: string): Json => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } });
const WRITE = ['dryRun', 'fieldManager', 'fieldValidation'].map(query);

/** The collection and the object: enough for a client to learn what it may send. */
function pathItems(base: string, kind: Kind, version: string): JsonObject {
  const gvk = { group: kind.group, version, kind: kind.kind };
  const operation = (action: string, parameters: Json[] = []): JsonObject => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
    parameters,
    responses: { '200': { description: 'OK' } },
  });
  const collection = `/${base}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}`;
  const parameters: Json[] = [query('pretty')];
  return {
    [collection]: {
      get: operation('list'),
      post: operation('post', WRITE),
      delete: operation('deletecollection'),
      parameters,
    },
    [`${collection}/{name}`]: {
      get: operation('get'),
      put: operation('put', WRITE),
      patch: operation('patch', [...WRITE, query('force')]),
      delete: operation('delete', [query('dryRun')]),
      parameters,
    },
  };
}

export class OpenApi {
  readonly #registry: Registry;
  /** built documents by path, valid for one revision of the registry */
  readonly #built = new Map<string, { text: string; hash: string }>();
  #revision = -1;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  answer(exchange: Exchange): ApiResponse | undefined {
    if (exchange.path[1] === 'v2') return openApiV2(exchange);
    if (exchange.path[1] !== 'v3') return undefined;
    const served = this.#served();
    const wanted = exchange.path.slice(2).join('/');
    if (wanted === '')
      return json(200, { paths: Object.fromEntries(served.map((gv) => [pathOf(gv), this.#entry(gv)])) });
    const found = served.find((gv) => pathOf(gv) === wanted);
    const headers = { 'content-type': 'application/json' };
    return found && { status: 200, headers, body: this.#document(found).text };
  }

  #entry(gv: GroupVersion): Json {
    return { serverRelativeURL: `/openapi/v3/${pathOf(gv)}?hash=${this.#document(gv).hash}` };
  }

  #document(gv: GroupVersion): { text: string; hash: string } {
    if (this.#revision !== this.#registry.revision) this.#built.clear();
    this.#revision = this.#registry.revision;
    let found = this.#built.get(pathOf(gv));
    if (!found) {
      const text = JSON.stringify(new Document(gv).build());
      this.#built.set(pathOf(gv), (found = { text, hash: checksum(text) }));
    }
    return found;
  }

  #served(): GroupVersion[] {
    const all = new Map<string, GroupVersion>();
    for (const kind of this.#registry.all()) {
      for (const version of kind.versions) {
        const key = `${kind.group}/${version.name}`;
        const gv = all.get(key) ?? { group: kind.group, version: version.name, kinds: [] };
        gv.kinds.push({ kind, version });
        all.set(key, gv);
      }
    }
    return [...all.values()];
  }
}
