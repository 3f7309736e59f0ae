import type { Causes, Named } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { builtinSchema } from '../schema/builtin.ts';
import { decode } from '../schema/decode.ts';
import type { Decoded } from '../schema/decode.ts';
import type { Struct } from '../schema/schema.ts';

/** A column of `kubectl get`. */
export interface Column {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
  /** `now` in milliseconds */
  cell(object: JsonObject, now: number): Json;
}

/** What a strategy may read from outside its object. */
export interface Env {
  /** milliseconds since the epoch */
  now(): number;
  random(): number;
  /** stored objects of another kind, not to be changed */
  list(resource: string, namespace?: string): JsonObject[];
}

/** The rules of one kind. `defaults` and `prepare…` get drafts, which they may change. */
export interface Strategy {
  defaults?(object: JsonObject): void;
  prepareCreate?(object: JsonObject, env: Env): void;
  prepareUpdate?(object: JsonObject, old: JsonObject, env: Env): void;
  /** runs once, when a deletion begins that cannot finish at once */
  prepareDelete?(object: JsonObject, env: Env): void;
  /** runs on create and on update of the main resource */
  validate?(object: JsonObject, causes: Causes, old: JsonObject | undefined): void;
  validateUpdate?(object: JsonObject, causes: Causes, old: JsonObject): void;
  validateStatus?(object: JsonObject, causes: Causes, old: JsonObject): void;
  /** warnings that refuse nothing, sent as Warning headers */
  warnings?(object: JsonObject): string[];
  /** whether a change raises metadata.generation; absent = the kind has no generation */
  generation?(object: JsonObject, old: JsonObject): boolean;
  /** rule for names; default: a DNS subdomain */
  validateName?(name: string): string | undefined;
  /** fields besides name and namespace that a field selector may use */
  selectable?(object: JsonObject): Record<string, string>;
  /** DELETE answers with the object instead of a Status */
  deleteReturnsObject?: boolean;
  /** how many seconds a deletion waits for a component to finish it; undefined = none */
  grace?(object: JsonObject, wanted: number | undefined): number | undefined;
  createOnUpdate?: boolean;
  /** a status sent on create is kept */
  createsStatus?: boolean;
  /** PUT must carry a resourceVersion */
  needsVersion?: boolean;
  /** a write to /status may change labels and annotations too */
  statusMetadata?: boolean;
}

export interface ScalePaths {
  spec: string[];
  status: string[];
  /** path of the selector: a string, or a LabelSelector when `selectorObject` */
  selector?: string[];
  selectorObject: boolean;
}

export interface KindVersion {
  name: string;
  schema: Struct;
  /** reads what a client sent; throws DecodeError */
  read(source: JsonObject): Decoded;
  /** converts this version's shape to the stored one, and back; absent = the same shape */
  toStored?(object: JsonObject): JsonObject;
  fromStored?(object: JsonObject): JsonObject;
  columns: Column[];
  /** sent as a Warning on every request */
  deprecation?: string;
}

export interface Kind extends Named {
  /** "pods", "deployments.apps": also the storage key */
  resource: string;
  singular: string;
  namespaced: boolean;
  shortNames: string[];
  categories: string[];
  /** the first is the stored one; discovery prefers `preferred` */
  versions: KindVersion[];
  preferred: string;
  /** has a status subresource */
  status: boolean;
  scale?: ScalePaths;
  custom: boolean;
  strategy: Strategy;
}

export interface BuiltinOptions {
  group?: string;
  version?: string;
  plural: string;
  kind: string;
  /** name in builtin.json; default: "V1" + kind */
  model?: string;
  namespaced?: boolean;
  shortNames?: string[];
  categories?: string[];
  status?: boolean;
  scale?: ScalePaths;
  columns?: Column[];
  strategy?: Strategy;
}

export function builtinVersion(name: string, model: string, columns: Column[]): KindVersion {
  const schema = builtinSchema(model);
  return { name, schema, columns, read: (source) => decode(schema, source) };
}

export function builtin(options: BuiltinOptions): Kind {
  const { group = '', version = 'v1', plural, kind } = options;
  return {
    group,
    plural,
    kind,
    resource: group === '' ? plural : `${plural}.${group}`,
    singular: kind.toLowerCase(),
    namespaced: options.namespaced ?? true,
    shortNames: options.shortNames ?? [],
    categories: options.categories ?? [],
    versions: [builtinVersion(version, options.model ?? `V1${kind}`, options.columns ?? [])],
    preferred: version,
    status: options.status ?? false,
    ...(options.scale ? { scale: options.scale } : {}),
    custom: false,
    strategy: options.strategy ?? {},
  };
}

export const apiVersionOf = (kind: Kind, version: string): string =>
  kind.group === '' ? version : `${kind.group}/${version}`;
