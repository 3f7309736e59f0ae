/**
 * The CEL library reads no object construction. `Object{spec: Object.spec{paused: true}}` and `JSONPatch{op: 'add'}`
 * are maps with the field names as keys once built, so they are rewritten to map literals before parsing.
 */
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const TYPE = /(?:Object|JSONPatch)(?:\.[A-Za-z_][A-Za-z0-9_]*)*\s*(?=\{)/y;
const STRING = /[rRbB]*(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')/y;
const FIELD = /\s*([A-Za-z_][A-Za-z0-9_]*)\s*:/y;

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source) ?? undefined;
}

class Rewriter {
  readonly #source: string;
  #at = 0;
  #out = '';
  /** open brackets, innermost last; true for the brace of a construction */
  readonly #open: boolean[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  run(): string {
    while (this.#at < this.#source.length) this.#step();
    return this.#out;
  }

  #step(): void {
    const literal = match(STRING, this.#source, this.#at)?.[0];
    if (literal !== undefined) return this.#copy(literal);
    const type = match(TYPE, this.#source, this.#at)?.[0];
    if (type !== undefined) return this.#construction(type);
    const name = match(NAME, this.#source, this.#at)?.[0];
    return this.#copy(name ?? this.#source.charAt(this.#at));
  }

  #copy(token: string): void {
    this.#out += token;
    this.#at += token.length;
    if ('([{'.includes(token)) this.#open.push(false);
    else if (')]}'.includes(token)) this.#open.pop();
    else if (token === ',' && this.#open.at(-1) === true) this.#field();
  }

  #construction(type: string): void {
    this.#at += type.length + 1;
    this.#out += '{';
    this.#open.push(true);
    this.#field();
  }

  /** Quotes the field name that comes next. */
  #field(): void {
    const found = match(FIELD, this.#source, this.#at);
    if (!found) return;
    this.#out += ` ${JSON.stringify(found[1])}:`;
    this.#at += found[0].length;
  }
}

/** The expression with its object constructions as map literals; everything else is left alone. */
export const withoutConstructions = (source: string): string => new Rewriter(source).run();
