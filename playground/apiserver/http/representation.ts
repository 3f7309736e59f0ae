/** The form in which a client wants the answer: the object, its metadata, or a table. */
import { stringify } from 'yaml';
import type { ApiResponse } from '../contract.ts';
import { ApiError, badRequest } from '../errors.ts';
import { metadata } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import type { KindVersion } from '../registry/kind.ts';
import { DEFAULT_COLUMNS } from '../strategies/columns.ts';
import type { Exchange } from './exchange.ts';

export type Shape = 'object' | 'partial' | 'partialList' | 'table';

export interface Wanted {
  shape: Shape;
  yaml: boolean;
  includeObject: 'None' | 'Metadata' | 'Object';
  /** meta.k8s.io version of a table or partial object */
  version: string;
}

const AVAILABLE = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
const SHAPES: Record<string, Shape> = {
  PartialObjectMetadata: 'partial',
  PartialObjectMetadataList: 'partialList',
  Table: 'table',
};

function notAcceptable(): ApiError {
  const message = `406: Not Acceptable\n\nAvailable representations: ${AVAILABLE}`;
  return new ApiError(406, 'NotAcceptable', message, {});
}

interface Accepted {
  shape: Shape;
  yaml: boolean;
  version: string;
}

/** Reads the Accept header; the first form that the server supports wins. Throws a 406. */
export function negotiate(exchange: Exchange, plural: boolean): Wanted {
  const header = exchange.headers['accept'] ?? '';
  const clauses = header === '' ? ['*/*'] : header.split(',');
  for (const clause of clauses) {
    const accepted = acceptable(clause, plural);
    if (accepted)
      return {
        ...accepted,
        includeObject: accepted.shape === 'table' ? includeObject(exchange) : 'Metadata',
      };
  }
  throw plural && header.includes('as=PartialObjectMetadata;') ? notSingle() : notAcceptable();
}

function notSingle(): ApiError {
  const message = 'you requested PartialObjectMetadata, but the requested object is a list';
  return new ApiError(406, 'NotAcceptable', message);
}

function acceptable(clause: string, plural: boolean): Accepted | undefined {
  const [type = '', ...rest] = clause.split(';').map((part) => part.trim());
  const params = new Map(rest.map((part) => part.split('=', 2) as [string, string]));
  const yaml = type === 'application/yaml';
  if (!yaml && !['application/json', '*/*', 'application/*'].includes(type)) return undefined;
  const as = params.get('as');
  if (as === undefined) return { shape: 'object', yaml, version: 'v1' };
  const shape = SHAPES[as];
  const version = params.get('v') ?? 'v1';
  if (!shape || params.get('g') !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(version)) return undefined;
  const wrongForm = shape === 'partial' ? plural : shape === 'partialList' && !plural;
  return wrongForm ? undefined : { shape, yaml, version };
}

function includeObject(exchange: Exchange): Wanted['includeObject'] {
  const value = exchange.query.get('includeObject') ?? 'Metadata';
  if (value === '' || value === 'Metadata') return 'Metadata';
  if (value === 'None' || value === 'Object') return value;
  const why = "must be 'Metadata', 'Object', 'None', or empty";
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: ${why}`,
  );
}

export function partial(object: JsonObject, version = 'v1'): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: metadata(object) };
}

export interface TableOptions {
  version: KindVersion;
  wanted: Wanted;
  now: number;
  /** metadata of the table itself */
  listMeta: JsonObject;
  /** later events of a watch leave out the definitions */
  withColumns: boolean;
}

export function table(items: JsonObject[], options: TableOptions): JsonObject {
  const { version, wanted, now } = options;
  const columns = version.columns.length > 0 ? version.columns : DEFAULT_COLUMNS;
  const definitions = columns.map(({ name, type, format, description, priority }): Json => ({
    name,
    type,
    format,
    description,
    priority,
  }));
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${wanted.version}`,
    metadata: options.listMeta,
    columnDefinitions: options.withColumns ? definitions : null,
    rows: items.map((item): Json => {
      const cells = columns.map((column) => column.cell(item, now));
      if (wanted.includeObject === 'None') return { cells, object: null };
      return { cells, object: wanted.includeObject === 'Object' ? item : partial(item, wanted.version) };
    }),
  };
}

export function render(status: number, body: JsonObject, wanted: Pick<Wanted, 'yaml'>): ApiResponse {
  if (!wanted.yaml)
    return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return {
    status,
    headers: { 'content-type': 'application/yaml' },
    body: stringify(sorted(body), { lineWidth: 0 }),
  };
}

function sorted(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value ?? null;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => [key, sorted(entry)]),
  );
}
