import { fnv1a } from '../../lib/hash.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import type { Labels, PodTemplate } from './kinds.ts';

export const TEMPLATE_HASH = 'pod-template-hash';

/** Without vowels and look-alikes, so that a hash never spells a word. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A name for a template: equal templates of any Deployments get the same one. */
export function templateHash(template: PodTemplate, collisions: number): string {
  const text = canonical(comparable(template)) + (collisions === 0 ? '' : `#${collisions}`);
  return String(fnv1a(text)).replaceAll(/\d/g, (digit) =>
    ALPHABET.charAt(digit.charCodeAt(0) % ALPHABET.length),
  );
}

/** Are two templates equal, apart from the hash label that a ReplicaSet adds? */
export function sameTemplate(a: PodTemplate, b: PodTemplate): boolean {
  return canonical(comparable(a)) === canonical(comparable(b));
}

function comparable(template: PodTemplate): JsonObject {
  const metadata: JsonObject = { ...template.metadata };
  const labels = { ...template.metadata?.labels };
  delete labels[TEMPLATE_HASH];
  metadata['labels'] = nonEmpty(labels);
  metadata['annotations'] = nonEmpty(template.metadata?.annotations ?? {});
  return { ...template, metadata };
}

function nonEmpty(map: Labels): Labels | undefined {
  return Object.keys(map).length === 0 ? undefined : map;
}

/** JSON with sorted keys; null and empty lists count as absent. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter((field): field is [string, Json] => !isAbsent(field[1]))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`);
  return `{${fields.join(',')}}`;
}

function isAbsent(value: Json | undefined): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
