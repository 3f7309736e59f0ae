import { QUERY_VARIABLES } from '../../../api/query.ts';
import { escaped, isPointer, partsOf } from '../../../lib/pointer.ts';
import type { Issue } from '../../../lib/result.ts';
import type { QueryText } from '../source.ts';

/** Where one number stands: a document of an end point, and the way to the number in it. */
export interface Reference {
  /** path and query below the base URL, percent-encoded */
  path: string;
  /** names of a JSON Pointer */
  way: string[];
}

export type Rendered =
  | { ok: true; reference: Reference }
  /** empty: a variable has nothing to name (no pods, say), which is missing data, not a wrong query */
  | { ok: false; problem: 'empty' | 'wrong'; sentence: string };

const LONGEST = 4096;
const VARIABLE = /\{\{\s*([^{}]*?)\s*\}\}/g;
const EXAMPLE = 'write a path and a JSON Pointer, like "/stats/{{service}}#/requests/total"';

/** What is wrong with "/path?query#/json/pointer", as far as that can be seen before it is asked. */
export function checkReference({ text, args, fenced }: QueryText): Omit<Issue, 'path'> | undefined {
  const flaw = (message: string, remedy = EXAMPLE) => ({ value: shortened(text), message, remedy });
  if (text.length > LONGEST)
    return { message: `has ${text.length} characters`, remedy: `write at most ${LONGEST}` };
  if (!text.startsWith('/')) return flaw('does not begin with "/": the host is that of the end point');
  for (const [all, name = ''] of text.matchAll(VARIABLE)) {
    const problem = checkName(name, args);
    if (problem !== undefined) return { value: all, ...problem };
  }
  const plain = text.replace(VARIABLE, 'x');
  const blank = plain.search(/[\s{}\\]|[^\x20-\x7e]/);
  if (blank !== -1)
    return flaw(
      `has ${JSON.stringify(plain[blank])} in it, which a path cannot have`,
      'percent-encode it, and close every {{variable}}',
    );
  const at = plain.indexOf('#');
  if (at === -1) return flaw('does not say where in the document the number is: it has no "#"');
  if (!isPointer(plain.slice(at + 1)))
    return flaw('has no JSON Pointer after its "#"', 'write it like #/requests/total; "~" is ~0, "/" is ~1');
  if (below('http://host/base', plain.slice(0, at)) === undefined)
    return flaw('leads out of the end point', 'write a path without ".."');
  if (!fenced) return undefined;
  return flaw(
    'cannot be limited to one namespace, which --enforce-namespace-matcher asks for',
    "have the template put into the controller's namespace, or take the numbers from Prometheus",
  );
}

function checkName(name: string, args: readonly string[]): Omit<Issue, 'path'> | undefined {
  if (name.endsWith('Regex') && Object.hasOwn(QUERY_VARIABLES, name))
    return { message: 'is an expression for PromQL', remedy: 'name one thing, like {{service}} or {{pods}}' };
  if (Object.hasOwn(QUERY_VARIABLES, name) || args.some((arg) => name === `args.${arg}`)) return undefined;
  const known = Object.keys(QUERY_VARIABLES).filter((each) => !each.endsWith('Regex'));
  return {
    message: 'is not a variable',
    remedy: `use one of ${known.join(', ')}, or args.<name> of an argument in spec.args`,
  };
}

/** The reference with every variable replaced by its value, escaped so that no value can change what is asked. */
export function renderReference(text: string, variables: Readonly<Record<string, string>>): Rendered {
  const at = text.indexOf('#');
  if (at === -1) return wrong('the query has no "#" and JSON Pointer');
  let problem: (Rendered & { ok: false }) | undefined;
  const fill = (part: string, escape: (value: string) => string): string =>
    part.replace(VARIABLE, (_all, name: string) => {
      const value = variables[name];
      problem ??= unfit(name, value);
      return problem === undefined ? escape(value ?? '') : '';
    });
  const path = fill(text.slice(0, at), escapeValue);
  const way = fill(text.slice(at + 1), escaped);
  if (problem !== undefined) return problem;
  if (!isPointer(way)) return wrong('the query has no JSON Pointer after its "#"');
  return { ok: true, reference: { path, way: partsOf(way) } };
}

/** The reference with the values that are known. */
export const showReference = (text: string, variables: Readonly<Record<string, string>>): string =>
  text.replace(VARIABLE, (all, name: string) => {
    const value = variables[name] ?? '';
    return value === '' ? all : escapeValue(value);
  });

function unfit(name: string, value: string | undefined): (Rendered & { ok: false }) | undefined {
  if (value === undefined) return wrong(`the query names {{${name}}}, which has no value here`);
  if (value === '') return nothing(`there is nothing for {{${name}}} to name`);
  const fits = !/^\.+$/.test(value) && value.isWellFormed();
  return fits ? undefined : wrong(`the value of {{${name}}} cannot stand where it is used`);
}

const wrong = (sentence: string) => ({ ok: false, problem: 'wrong', sentence }) as const;
const nothing = (sentence: string) => ({ ok: false, problem: 'empty', sentence }) as const;

/** Escapes each name of a pod by itself, so that the commas between them stay. */
const escapeValue = (value: string): string => value.split(',').map(encodeURIComponent).join(',');

/** The path below the base URL, as it is asked; undefined if it would lead out of it. */
export function below(base: string, path: string): string | undefined {
  const whole = `${base.replace(/\/+$/, '')}${path}`;
  if (!URL.canParse(whole) || !URL.canParse(base)) return undefined;
  const { origin, pathname, search } = new URL(whole);
  const own = new URL(base);
  const prefix = own.pathname.replace(/\/+$/, '');
  if (origin !== own.origin || !pathname.startsWith(`${prefix}/`)) return undefined;
  return `${pathname.slice(prefix.length + 1)}${search}`;
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text);
