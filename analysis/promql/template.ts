import { variablesIn, type Variable } from '../../api/query.ts';
import { callsIn, readsMore } from './fence.ts';
import { parseQuery, placeOf, type Problem } from './parse.ts';
import { kindOf, misuseIn, type Kind } from './types.ts';

/** What is wrong with a query template, in words for its author. */
export interface Flaw {
  /** the part of the query where it is */
  excerpt: string;
  message: string;
}

/** Checks the PromQL of a template whose variables are in their proper places (api/query.ts). */
export function flawIn(template: string, { fenced = false } = {}): Flaw | undefined {
  const { problem, kind, wide } = judged(template);
  if (problem !== undefined) {
    const { at, message } = problem;
    return {
      excerpt: around(template, at),
      message: `is not PromQL: ${message} (at ${placeOf(template, at)})`,
    };
  }
  if (fenced && wide !== undefined) {
    return {
      excerpt: around(template, 0),
      message: `uses ${wide}(), which reads series of other namespaces`,
    };
  }
  const wrong = kind === 'r' || kind === 't' ? WRONG[kind] : undefined;
  return wrong === undefined ? undefined : { excerpt: around(template, 0), message: wrong };
}

/** The first function in the template's query for whose name `is` holds; undefined: none, or the query is not PromQL. */
export function callIn(template: string, is: (name: string) => boolean): string | undefined {
  const { text, problem } = judged(template);
  const parsed = problem === undefined && text !== undefined ? parseQuery(text) : undefined;
  return parsed?.ok === true ? callsIn(parsed.query).find(is) : undefined;
}

interface Judged {
  /** the query with words in place of the variables; absent: only with their values can it be checked */
  text?: string;
  problem?: Problem;
  kind?: Kind;
  /** a function that reads series which no selector names */
  wide?: string;
}

const WRONG = {
  r: 'returns a range, not a value for each series',
  t: 'returns text, not a number',
} as const;

/**
 * Words of the same length replace the variables, so that offsets do not change. A bare variable may be a name or a
 * number: both are tried. If neither fits, it depends on the value, and nothing is reported before the value is known.
 */
function judged(template: string): Judged {
  const variables = variablesIn(template);
  const numbers = new Set<Variable>();
  for (;;) {
    const text = filled(template, variables, numbers);
    const problem = problemIn(text);
    if (problem === undefined) return { text, ...meaningOf(text) };
    const there = variables.find((each) => each.place === 'bare' && touches(each, problem.at, template));
    if (there === undefined) return { problem };
    if (numbers.has(there)) return {};
    numbers.add(there);
  }
}

/** Does the variable contain this offset, or end right before it? */
function touches({ from, to }: Variable, at: number, template: string): boolean {
  return at >= from - 1 && (at <= to || template.slice(to, at).trim() === '');
}

function filled(template: string, variables: readonly Variable[], numbers: ReadonlySet<Variable>): string {
  let text = template;
  for (const variable of variables) {
    const { from, to } = variable;
    text = text.slice(0, from) + (numbers.has(variable) ? '1' : 'x').repeat(to - from) + text.slice(to);
  }
  return text;
}

function problemIn(text: string): Problem | undefined {
  const parsed = parseQuery(text);
  return parsed.ok ? misuseIn(parsed.query) : parsed.problem;
}

function meaningOf(text: string): Judged {
  const parsed = parseQuery(text);
  if (!parsed.ok) return {};
  const kind = kindOf(parsed.query);
  const wide = readsMore(parsed.query);
  return { ...(kind === undefined ? {} : { kind }), ...(wide === undefined ? {} : { wide }) };
}

const REACH = 30;

function around(text: string, at: number): string {
  const from = Math.max(0, at - REACH);
  const to = Math.min(text.length, at + REACH);
  return `${from > 0 ? '…' : ''}${text.slice(from, to)}${to < text.length ? '…' : ''}`;
}
