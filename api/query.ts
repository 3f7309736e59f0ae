import type { Issue } from '../lib/result.ts';

/**
 * Query templates: PromQL with `{{name}}` variables. Each value is escaped for the place it goes to: a string, a regular
 * expression inside a string, or (letters, digits, `_ : .` only) bare PromQL. So no value can change what is asked.
 */

/**
 * Variables every query may use, beside `args.<name>` for each argument of its template. `service`, `deployment` and `pods`
 * mean the arm the query is asked for.
 */
export const QUERY_VARIABLES = {
  namespace: 'namespace of the target',
  target: 'name of the target Deployment',
  release: 'name of the Release',
  arm: 'the arm that is asked for: canary or stable',
  service: 'Service of the arm that is asked for',
  deployment: 'Deployment of the arm that is asked for',
  pods: 'pods of the arm that is asked for (a list: only inside =~"…")',
  stableService: 'name of the stable Service',
  canaryService: 'name of the canary Service',
  canaryDeployment: 'name of the canary Deployment',
  stablePods: 'names of the stable pods (a list: only inside =~"…")',
  canaryPods: 'names of the canary pods (a list: only inside =~"…")',
  route: 'first route in scope',
  ingress: 'first Ingress in scope',
  port: 'first Service port in scope',
  clusterDomain: 'domain of the cluster (--cluster-domain)',
  routeRegex: 'alternation of the routes in scope (only inside =~"…")',
  ingressRegex: 'alternation of the Ingresses in scope (only inside =~"…")',
  portRegex: 'alternation of the Service ports in scope (only inside =~"…")',
  canaryClusterRegex: 'alternation of the Envoy clusters of the canary (Envoy Gateway; only inside =~"…")',
  stableClusterRegex: 'alternation of the Envoy clusters of stable (Envoy Gateway; only inside =~"…")',
  traefikNamesRegex:
    'alternation of the routes or Ingresses in scope as Traefik writes them (only inside =~"…")',
  liveReporterRegex:
    'reporters of Istio that count live requests (none while only copies reach the canary; only inside =~"…")',
  copyReporterRegex:
    'reporters of Istio that count copies too (none while live requests reach the canary; only inside =~"…")',
  interval: 'length of the window, e.g. 15s',
} as const;

export type Arm = 'canary' | 'stable';

const LISTS: ReadonlySet<string> = new Set(['pods', 'stablePods', 'canaryPods']);
const LONGEST = 4096;
const NAME = /^[A-Za-z][\w-]*(\.[\w-]+)?$/;
const BARE = /^[A-Za-z0-9_:.]+$/;

/** Where a variable stands. */
type Place = 'bare' | 'string' | 'regex';
type Quote = '"' | "'" | '`';

type Piece = { text: string } | (Variable & { quote: Quote | undefined });

export type Rendered =
  | { ok: true; query: string }
  /** empty: a variable has nothing to name (no pods, say), which is missing data, not a wrong query */
  | { ok: false; problem: 'empty' | 'wrong'; sentence: string };

/** What is wrong with the variables of a query template (without its path), or `undefined`. `args` are the names the template declares. */
export function checkQuery(text: string, args: readonly string[]): Omit<Issue, 'path'> | undefined {
  if (text.trim() === '') return { message: 'is empty', remedy: 'write a PromQL query' };
  if (text.length > LONGEST) {
    return { message: `has ${text.length} characters`, remedy: `write at most ${LONGEST}` };
  }
  const pieces = split(text);
  if (typeof pieces === 'string') return { value: shortened(text), message: pieces, remedy: 'close it' };
  for (const piece of pieces) {
    const issue = 'name' in piece ? checkVariable(piece.name, piece.place, args) : undefined;
    if (issue !== undefined) return issue;
  }
  return undefined;
}

function checkVariable(name: string, place: Place, args: readonly string[]): Omit<Issue, 'path'> | undefined {
  if (!Object.hasOwn(QUERY_VARIABLES, name) && !args.some((arg) => name === `args.${arg}`)) {
    return {
      value: `{{${name}}}`,
      message: 'is not a variable',
      remedy: `use one of ${Object.keys(QUERY_VARIABLES).join(', ')}, or args.<name> of an argument in spec.args`,
    };
  }
  if (needsRegex(name) && place !== 'regex') {
    return {
      value: `{{${name}}}`,
      message: 'is a list and stands outside a regular expression',
      remedy: `write it as label=~"{{${name}}}"`,
    };
  }
  return undefined;
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** `service`, `deployment`, `pods` and `interval` filled in for one arm and window. */
export function armVariables(
  variables: Readonly<Record<string, string>>,
  arm: Arm,
  windowMs: number,
): Record<string, string> {
  const own =
    arm === 'canary'
      ? { service: 'canaryService', deployment: 'canaryDeployment', pods: 'canaryPods' }
      : { service: 'stableService', deployment: 'target', pods: 'stablePods' };
  const filled: Record<string, string> = { ...variables, arm, interval: promDuration(windowMs) };
  for (const [name, source] of Object.entries(own)) {
    const value = variables[source];
    if (value !== undefined) filled[name] = value;
  }
  return filled;
}

/** Milliseconds as PromQL writes them: 15000 → "15s". */
export function promDuration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${Math.round(ms)}ms`;
}

/** The query with every variable replaced by its value, escaped for its place. */
export function renderQuery(text: string, variables: Readonly<Record<string, string>>): Rendered {
  const pieces = split(text);
  if (typeof pieces === 'string') return { ok: false, problem: 'wrong', sentence: `the query ${pieces}` };
  let query = '';
  for (const piece of pieces) {
    if ('text' in piece) {
      query += piece.text;
      continue;
    }
    const value = variables[piece.name];
    if (value === undefined) {
      return {
        ok: false,
        problem: 'wrong',
        sentence: `the query names {{${piece.name}}}, which has no value here`,
      };
    }
    if (value === '') {
      return { ok: false, problem: 'empty', sentence: `there is nothing for {{${piece.name}}} to name` };
    }
    const escaped = escapeFor(piece, value);
    if (escaped === undefined) {
      return {
        ok: false,
        problem: 'wrong',
        sentence: `the value of {{${piece.name}}} cannot stand where it is used`,
      };
    }
    query += escaped;
  }
  return { ok: true, query };
}

/** For display: the query with the values that are known; the other variables stay as they are written. */
export function renderKnown(text: string, variables: Readonly<Record<string, string>>): string {
  const pieces = split(text);
  if (typeof pieces === 'string') return text;
  return pieces
    .map((piece) => {
      if ('text' in piece) return piece.text;
      const value = variables[piece.name];
      return (value === undefined ? undefined : escapeFor(piece, value)) ?? `{{${piece.name}}}`;
    })
    .join('');
}

/** Where a variable stands in a query template, braces included. */
export interface Variable {
  name: string;
  place: Place;
  from: number;
  to: number;
}

/** The variables of a query template in their order; [] if it is not one. */
export function variablesIn(text: string): Variable[] {
  const pieces = split(text);
  if (typeof pieces === 'string') return [];
  return pieces.flatMap((piece) => ('name' in piece ? [piece] : []));
}

function needsRegex(name: string): boolean {
  return LISTS.has(name) || name.endsWith('Regex');
}

function escapeFor(
  { name, place, quote }: { name: string; place: Place; quote: Quote | undefined },
  value: string,
): string | undefined {
  if (place === 'bare' || quote === undefined) return BARE.test(value) ? value : undefined;
  if (place === 'string') return needsRegex(name) ? undefined : escapeString(value, quote);
  if (name.endsWith('Regex')) return escapeString(value, quote);
  const names = LISTS.has(name) ? value.split(',') : [value];
  return escapeString(names.map(escapeRegex).join('|'), quote);
}

/** A value for the inside of =~"…" that matches only itself. */
export function literalRegex(value: string): string {
  return inQuotes(escapeRegex(value), '"');
}

/** A regular expression that matches only this text. */
export function escapeRegex(value: string): string {
  return value.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

function escapeString(value: string, quote: Quote): string | undefined {
  if (quote === '`') return value.includes('`') ? undefined : value;
  return inQuotes(value, quote);
}

function inQuotes(value: string, quote: '"' | "'"): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll(quote, `\\${quote}`);
}

/** The pieces of a template, or what is wrong with it. */
function split(text: string): Piece[] | string {
  const pieces: Piece[] = [];
  let quote: Quote | undefined;
  let regex = false;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (text.startsWith('{{', i)) {
      const end = text.indexOf('}}', i);
      const name = end === -1 ? '' : text.slice(i + 2, end).trim();
      if (!NAME.test(name))
        return `has a variable that is not closed or has no proper name: ${text.slice(i, i + 20)}`;
      const place = quote === undefined ? 'bare' : regex ? 'regex' : 'string';
      pieces.push({ text: text.slice(from, i) }, { name, place, quote, from: i, to: end + 2 });
      i = end + 1;
      from = end + 2;
    } else if (quote !== undefined) {
      if (text[i] === '\\' && quote !== '`') i++;
      else if (text[i] === quote) quote = undefined;
    } else if (isQuote(text[i])) {
      quote = text[i] as Quote;
      regex = /[=!]~\s*$/.test(text.slice(Math.max(0, i - 20), i));
    }
  }
  if (quote !== undefined) return `has a string that is not closed (${quote})`;
  pieces.push({ text: text.slice(from) });
  return pieces;
}

function isQuote(char: string | undefined): boolean {
  return char === '"' || char === "'" || char === '`';
}
