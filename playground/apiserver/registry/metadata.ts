/** System metadata: what a create sets, an update keeps, and the server refuses. */
import { Causes, invalid } from '../errors.ts';
import { equal, fill, list, metadata, number, objects, text, word } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { dnsSubdomain, qualifiedName, validateLabels } from '../strategies/names.ts';
import type { Kind } from './kind.ts';

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const LONGEST_PREFIX = 58;

/** Whole seconds, as in metadata. */
export const timestamp = (now: number): string => `${new Date(now).toISOString().slice(0, 19)}Z`;

export function randomSuffix(random: () => number): string {
  return Array.from({ length: 5 }, () => ALPHABET[Math.floor(random() * ALPHABET.length)]).join('');
}

export function randomUid(random: () => number): string {
  const hex = Array.from({ length: 32 }, (_, i) => {
    const digit = Math.floor(random() * 16);
    return (i === 12 ? 4 : i === 16 ? (digit & 3) | 8 : digit).toString(16);
  }).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const STANDARD_FINALIZERS = ['kubernetes', 'orphan', 'foregroundDeletion'];

export function validateMetadata(kind: Kind, object: JsonObject, causes: Causes): void {
  const meta = metadata(object);
  validateName(kind, meta, causes);
  validateLabels(meta['labels'], 'metadata.labels', causes);
  for (const key of Object.keys((meta['annotations'] ?? {}) as JsonObject)) {
    const wrong = qualifiedName(key.toLowerCase());
    if (wrong !== undefined) causes.invalid('metadata.annotations', key, wrong);
  }
  for (const owner of objects(meta['ownerReferences'])) {
    for (const name of ['apiVersion', 'kind', 'name', 'uid']) {
      if (text(owner[name]) === '')
        causes.invalid(`metadata.ownerReferences.${name}`, owner[name] ?? '', 'must not be empty');
    }
  }
  // only the kinds of the core server require a domain
  const freeFinalizers = kind.custom || kind.group === 'apiextensions.k8s.io';
  list(meta['finalizers']).forEach((finalizer, i) => {
    const name = word(finalizer);
    const bare = freeFinalizers || STANDARD_FINALIZERS.includes(name);
    if (qualifiedName(name) === undefined && (name.includes('/') || bare)) return;
    const why = 'name is neither a standard finalizer name nor is it fully qualified';
    causes.invalid(`metadata.finalizers[${i}]`, name, why);
  });
}

function validateName(kind: Kind, meta: JsonObject, causes: Causes): void {
  const rule = (name: string): string | undefined =>
    kind.strategy.validateName ? kind.strategy.validateName(name) : dnsSubdomain(name);
  const prefix = text(meta['generateName']);
  const wrongPrefix = prefix === '' ? undefined : rule(`${prefix.slice(0, LONGEST_PREFIX)}x`);
  if (wrongPrefix !== undefined) causes.invalid('metadata.generateName', prefix, wrongPrefix);
  const name = text(meta['name']);
  if (name === '') causes.required('metadata.name', 'name or generateName is required');
  const wrong = name === '' ? undefined : rule(name);
  if (wrong !== undefined) causes.invalid('metadata.name', name, wrong);
}

export interface Stamps {
  now: number;
  random: () => number;
  namespace: string | undefined;
}

/** Sets the fields that only the server may set on a new object. */
export function stampNew(kind: Kind, object: JsonObject, stamps: Stamps): void {
  const meta = metadata(object);
  const prefix = text(meta['generateName']);
  if (text(meta['name']) === '' && prefix !== '') {
    meta['name'] = prefix.slice(0, LONGEST_PREFIX) + randomSuffix(stamps.random);
  }
  if (kind.namespaced) meta['namespace'] = stamps.namespace ?? 'default';
  else delete meta['namespace'];
  meta['uid'] = randomUid(stamps.random);
  meta['creationTimestamp'] = timestamp(stamps.now);
  for (const name of ['resourceVersion', 'selfLink', 'deletionTimestamp', 'deletionGracePeriodSeconds']) {
    Reflect.deleteProperty(meta, name);
  }
  if (kind.strategy.generation) meta['generation'] = 1;
}

const KEPT = [
  'namespace',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generateName',
];

/** Restores the fields that an update may not change. */
export function keepSystemFields(kind: Kind, next: JsonObject, old: JsonObject): void {
  const meta = metadata(next);
  const before = metadata(old);
  for (const name of kind.strategy.generation ? [...KEPT, 'generation'] : KEPT) restore(meta, before, name);
  fill(meta, 'uid', before['uid'] ?? '');
  delete meta['selfLink'];
}

function restore(target: JsonObject, source: JsonObject, key: string): void {
  const value: Json | undefined = source[key];
  if (value === undefined) Reflect.deleteProperty(target, key);
  else target[key] = value;
}

export function validateMetadataUpdate(next: JsonObject, old: JsonObject, causes: Causes): void {
  const meta = metadata(next);
  const before = metadata(old);
  if (!equal(meta['uid'], before['uid'])) causes.invalid('metadata.uid', meta['uid'], 'field is immutable');
  if (before['deletionTimestamp'] === undefined) return;
  const known = list(before['finalizers']);
  const added = list(meta['finalizers']).filter((finalizer) => !known.includes(finalizer));
  if (added.length === 0) return;
  const names = added.map((name) => JSON.stringify(name)).join(', ');
  causes.forbidden(
    'metadata.finalizers',
    `no new finalizers can be added if the object is being deleted, found new finalizers []string{${names}}`,
  );
}

export function bumpGeneration(object: JsonObject): void {
  const meta = metadata(object);
  meta['generation'] = (number(meta['generation']) ?? 0) + 1;
}

/** Throws a 422 if there is a cause. */
export function refuse(kind: Kind, name: string, causes: Causes): void {
  // the second form of a kind (events.k8s.io) is named by its first
  const named = kind.resource === kind.plural ? { ...kind, group: '' } : kind;
  if (causes.all.length > 0) throw invalid(named, name, causes.all);
}
