import { MATCHES } from './library.ts';

/**
 * The CEL library cannot read object constructions. To run, `Object{spec: Object.spec{paused: true}}` and
 * `JSONPatch{op: 'add'}` become maps with the field names as keys; to find types, they become calls with such
 * a map that give a value of that name. The library takes no index in has() either: has(a[0].b) becomes ("b"
 * in a[0]), which for JSON means the same. `matches` is our own.
 */
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const TYPE = /(?:Object|JSONPatch)(?:\.[A-Za-z_][A-Za-z0-9_]*)*\s*(?=\{)/y;
const STRING = /[rRbB]*(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')/y;
const FIELD = /\s*(\??)\s*([A-Za-z_][A-Za-z0-9_]*)\s*:/y;
const CALL = /\.\s*matches\s*(?=\()/y;
const HAS = /\bhas\(([^()]*)\.(\w+)\)/y;

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source) ?? undefined;
}

/** The form in which the library reads a construction. */
export interface Construction {
  /** the text before and after the map */
  around(type: string): [string, string];
  /** the text before and after the value of a field */
  field(type: string, name: string, isOptional: boolean): [string, string];
  /** has() of a field of an expression */
  has(of: string, field: string): string;
}

const MAPS: Construction = {
  around: () => ['', ''],
  field: () => ['', ''],
  has: (of, field) => (of.includes('[') ? `("${field}" in ${of})` : `has(${of}.${field})`),
};

interface Open {
  type: string;
  /** the text after the field that is open */
  end: string;
}

class Reader {
  readonly #source: string;
  readonly #as: Construction;
  #at = 0;
  #out = '';
  /** open brackets, innermost last; undefined for one that does not open a construction */
  readonly #open: (Open | undefined)[] = [];

  constructor(source: string, as: Construction) {
    this.#source = source;
    this.#as = as;
  }

  run(): string {
    while (this.#at < this.#source.length) this.#step();
    return this.#out;
  }

  #step(): void {
    const literal = match(STRING, this.#source, this.#at)?.[0];
    if (literal !== undefined) return this.#copy(literal);
    const call = match(CALL, this.#source, this.#at)?.[0];
    if (call !== undefined) return this.#put(call.length, `.${MATCHES}`);
    const has = match(HAS, this.#source, this.#at);
    if (has !== undefined) return this.#put(has[0].length, this.#as.has(has[1] ?? '', has[2] ?? ''));
    const type = match(TYPE, this.#source, this.#at)?.[0];
    if (type !== undefined) return this.#construction(type);
    const name = match(NAME, this.#source, this.#at)?.[0];
    return this.#copy(name ?? this.#source.charAt(this.#at));
  }

  #put(length: number, text: string): void {
    this.#out += text;
    this.#at += length;
  }

  #copy(token: string): void {
    const open = this.#open.at(-1);
    if (')]}'.includes(token)) {
      this.#open.pop();
      const [, after] = open === undefined ? [] : this.#as.around(open.type);
      return this.#put(1, `${open?.end ?? ''}${token}${after ?? ''}`);
    }
    const ends = token === ',' && open !== undefined;
    this.#put(token.length, `${ends ? open.end : ''}${token}`);
    if ('([{'.includes(token)) this.#open.push(undefined);
    else if (ends) this.#field(open);
  }

  #construction(name: string): void {
    const open = { type: name.trim(), end: '' };
    this.#put(name.length + 1, `${this.#as.around(open.type)[0]}{`);
    this.#open.push(open);
    this.#field(open);
  }

  /**
   * Quotes the next field name. A field that is optional and has no value is left out when the map is read.
   */
  #field(open: Open): void {
    open.end = '';
    const found = match(FIELD, this.#source, this.#at);
    if (!found) return;
    const [before, after] = this.#as.field(open.type, found[2] ?? '', found[1] === '?');
    open.end = after;
    this.#put(found[0].length, ` ${JSON.stringify(found[2])}:${before}`);
  }
}

/** The expression in the form that the library reads. */
export const readable = (source: string, as: Construction = MAPS): string => new Reader(source, as).run();
