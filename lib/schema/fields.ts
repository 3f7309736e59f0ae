import { isObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { Issue, Result } from '../result.ts';
import { suggest } from './suggest.ts';

/** Where in the input a reader is, and where it puts what it finds wrong. */
export interface Place {
  path: string;
  issues: Issue[];
}

/** Reads one value; `undefined` means that it was unusable and an issue was recorded. */
export type Read<T> = (value: unknown, place: Place) => T | undefined;

const SHOWN = 60;

/** Records an issue about a value that is there. */
export function complain(place: Place, value: unknown, message: string, remedy: string): undefined {
  place.issues.push({ path: place.path === '' ? 'object' : place.path, value: show(value), message, remedy });
}

export function show(value: unknown): string {
  const text = value === undefined ? 'undefined' : JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text;
}

/** The fields of one object, each read by name; at the end, fields that were not asked for are issues. */
export class Fields {
  readonly place: Place;
  readonly #raw: JsonObject;
  readonly #known = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #before: number;
  #notAnObject: Issue | undefined;

  constructor(raw: JsonObject, place: Place) {
    this.#raw = raw;
    this.place = place;
    this.#before = place.issues.length;
  }

  /**
   * Opens an object; anything else is an issue. A wrong value is then read like an object without fields, whose issues
   * are dropped: this way the remedy can name the fields that the reader asks for.
   */
  static open(value: unknown, place: Place): Fields | undefined {
    if (isObject(value)) return new Fields(value, place);
    complain(place, value, `is ${kindOf(value)}, not an object`, 'give a map of fields');
    const fields = new Fields({}, { path: place.path, issues: [] });
    fields.#notAnObject = place.issues.at(-1);
    return fields;
  }

  /** names of the fields that are present */
  names(): string[] {
    return Object.keys(this.#raw);
  }

  /** Has an issue been recorded about the object or its fields? */
  get wrong(): boolean {
    return this.place.issues.length > this.#before;
  }

  /** Records an issue about the whole object. */
  complain(message: string, remedy: string): void {
    complain(this.place, this.#raw, message, remedy);
  }

  has(name: string): boolean {
    this.#known.add(name);
    return Object.hasOwn(this.#raw, name) && this.#raw[name] !== undefined;
  }

  optional<T>(name: string, read: Read<T>): T | undefined {
    return this.has(name) ? read(this.#raw[name], this.at(name)) : undefined;
  }

  withDefault<T>(name: string, read: Read<T>, fallback: T): T {
    return this.optional(name, read) ?? fallback;
  }

  required<T>(name: string, read: Read<T>, remedy: string): T | undefined {
    if (this.has(name)) return read(this.#raw[name], this.at(name));
    this.missing(name, remedy);
    return undefined;
  }

  missing(name: string, remedy: string): void {
    this.place.issues.push({ path: this.at(name).path, message: 'is missing', remedy });
  }

  /** Fields that exist, but not here: refused with the reason, and never suggested for a mistyped name. */
  refuse(names: readonly string[], message: string, remedy: string): void {
    for (const name of names) {
      this.#refused.add(name);
      if (this.has(name)) complain(this.at(name), this.#raw[name], message, remedy);
    }
  }

  /** Fields that exist in the design but that this version cannot honour: refused, never silently ignored. */
  notYet(...names: string[]): void {
    const remedy = 'remove the field, or use a version of Sluice that supports it';
    this.refuse(names, 'is not supported yet in this version', remedy);
  }

  /**
   * To be called after all fields were read: reports the unknown ones. `aliases` maps names that other tools use for a
   * field to the field.
   */
  end(aliases: Readonly<Record<string, string>> = {}): void {
    const known = [...this.#known].filter((name) => !this.#refused.has(name));
    if (this.#notAnObject !== undefined) {
      this.#notAnObject.remedy = `give a map of fields: ${known.sort().join(', ')}`;
      return;
    }
    for (const [name, value] of Object.entries(this.#raw)) {
      if (this.#known.has(name) || value === undefined) continue;
      const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
      const meant = alias ?? suggest(name, known);
      const remedy =
        meant === undefined
          ? `remove it; known fields are ${known.sort().join(', ')}`
          : `did you mean ${meant}?`;
      complain(this.at(name), value, 'is in a field that does not exist', remedy);
    }
  }

  at(name: string): Place {
    return { path: joinPath(this.place.path, name), issues: this.place.issues };
  }
}

function joinPath(path: string, name: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(name)) return `${path}[${show(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}

export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Runs a reader over a whole input. */
export function parseWith<T>(value: unknown, path: string, read: Read<T>): Result<T> {
  const issues: Issue[] = [];
  const parsed = read(value, { path, issues });
  if (parsed !== undefined && issues.length === 0) return { ok: true, value: parsed };
  return { ok: false, issues };
}

/** A raw object as it is: for records whose content is not checked. */
export const rawObject: Read<JsonObject> = (value, place) =>
  isObject(value)
    ? value
    : complain(place, value, `is ${kindOf(value)}, not an object`, 'give a map of fields');
