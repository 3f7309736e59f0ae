/** ConfigMap, Secret, ServiceAccount: plain data. */
import type { Causes } from '../errors.ts';
import { child, equal, fill, get, object, strings, text } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { builtin } from '../registry/kind.ts';
import { AGE, column, NAME } from './columns.ts';
import { immutable } from './names.ts';

const size = (source: JsonObject, ...fields: string[]): number =>
  fields.reduce((sum, field) => sum + Object.keys(object(source[field])).length, 0);

/** With `immutable: true` neither the data nor that field may change. */
function validateImmutable(next: JsonObject, causes: Causes, old: JsonObject): void {
  if (old['immutable'] !== true) return;
  const why = 'field is immutable when `immutable` is set';
  for (const field of ['immutable', 'data', 'binaryData']) {
    if (!equal(next[field], old[field])) causes.forbidden(field, why);
  }
}

function validateKeys(source: JsonObject, causes: Causes): void {
  for (const field of ['data', 'binaryData']) {
    for (const key of Object.keys(object(source[field]))) {
      if (/^[-._a-zA-Z0-9]+$/.test(key)) continue;
      const why = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
      causes.invalid(`${field}[${key}]`, key, why);
    }
  }
}

export const configmaps = builtin({
  plural: 'configmaps',
  kind: 'ConfigMap',
  shortNames: ['cm'],
  columns: [NAME, column('Data', (o) => size(o, 'data', 'binaryData')), AGE],
  strategy: { validate: validateKeys, validateUpdate: validateImmutable },
});

/** stringData is write-only: the server stores it in data. */
function mergeStringData(secret: JsonObject): void {
  const plain = Object.entries(strings(secret['stringData']));
  delete secret['stringData'];
  if (plain.length === 0) return;
  const data = child(secret, 'data');
  for (const [key, value] of plain) data[key] = Buffer.from(value, 'utf8').toString('base64');
}

export const secrets = builtin({
  plural: 'secrets',
  kind: 'Secret',
  columns: [NAME, column('Type', (o) => text(get(o, 'type'))), column('Data', (o) => size(o, 'data')), AGE],
  strategy: {
    defaults(source) {
      fill(source, 'type', 'Opaque');
      mergeStringData(source);
    },
    validate: validateKeys,
    validateUpdate(next, causes, old) {
      immutable(next, old, ['type'], causes);
      validateImmutable(next, causes, old);
    },
    selectable: (o) => ({ type: text(o['type']) }),
  },
});

export const serviceaccounts = builtin({
  plural: 'serviceaccounts',
  kind: 'ServiceAccount',
  shortNames: ['sa'],
  columns: [NAME, column('Secrets', (o) => size(o, 'secrets')), AGE],
  strategy: { deleteReturnsObject: true },
});
