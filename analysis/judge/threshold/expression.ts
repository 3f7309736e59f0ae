import type { EvalFunction, MathNode } from 'mathjs';
import {
  absDependencies,
  addDependencies,
  andDependencies,
  ceilDependencies,
  compileDependencies,
  create,
  divideDependencies,
  equalDependencies,
  expDependencies,
  floorDependencies,
  largerDependencies,
  largerEqDependencies,
  log10Dependencies,
  log2Dependencies,
  logDependencies,
  maxDependencies,
  minDependencies,
  modDependencies,
  multiplyDependencies,
  notDependencies,
  orDependencies,
  parseDependencies,
  powDependencies,
  roundDependencies,
  signDependencies,
  smallerDependencies,
  smallerEqDependencies,
  sqrtDependencies,
  subtractDependencies,
  unaryMinusDependencies,
  unaryPlusDependencies,
  unequalDependencies,
  xorDependencies,
} from 'mathjs/number';

/**
 * Threshold expressions: mathjs syntax over `value`, `canary` and `stable`, restricted to arithmetic, comparisons,
 * and/or/not, `a ? b : c` and a few functions. Whatever assigns, defines, calls methods or makes strings is refused.
 */

/** What an expression may name; `value` is the canary's value under its shorter name. */
export interface Values {
  value: number;
  canary: number;
  stable: number;
}

const LONGEST = 200;
const NAMES: ReadonlySet<string> = new Set<keyof Values>(['value', 'canary', 'stable']);

/** What an expression may use. Only these parts of mathjs are loaded, which halves its size in the build. */
const FUNCTIONS = {
  abs: absDependencies,
  ceil: ceilDependencies,
  exp: expDependencies,
  floor: floorDependencies,
  log: logDependencies,
  log10: log10Dependencies,
  log2: log2Dependencies,
  max: maxDependencies,
  min: minDependencies,
  pow: powDependencies,
  round: roundDependencies,
  sign: signDependencies,
  sqrt: sqrtDependencies,
};
const ARITHMETIC = {
  add: addDependencies,
  subtract: subtractDependencies,
  multiply: multiplyDependencies,
  divide: divideDependencies,
  mod: modDependencies,
  pow: powDependencies,
  unaryMinus: unaryMinusDependencies,
  unaryPlus: unaryPlusDependencies,
};
const COMPARISONS = {
  larger: largerDependencies,
  largerEq: largerEqDependencies,
  smaller: smallerDependencies,
  smallerEq: smallerEqDependencies,
  equal: equalDependencies,
  unequal: unequalDependencies,
};
const LOGIC = { and: andDependencies, or: orDependencies, not: notDependencies, xor: xorDependencies };

type Kind = 'number' | 'boolean';

/** Expected failure of an expression; the message is a sentence for its author. */
class Refused extends Error {}
/** An operand of a comparison is NaN: neither true nor false would be right. */
class NotANumber extends Error {}

const parts = {
  ...FUNCTIONS,
  ...ARITHMETIC,
  ...COMPARISONS,
  ...LOGIC,
  parseDependencies,
  compileDependencies,
};
const USED = Object.fromEntries(
  Object.entries(parts).flatMap(([name, part]) => (part === undefined ? [] : [[name, part]])),
);
/** mathjs' own comparisons, which accept NaN */
const plain = create(USED, {});
const math = create(USED, {});
math.import(guards(), { override: true });

/** What is wrong, as one sentence that names the offending piece; `undefined`: the expression can be used. */
export function checkExpression(text: string): string | undefined {
  try {
    compiled(text).evaluate({ value: 1, canary: 1, stable: 1 });
    return undefined;
  } catch (error) {
    if (error instanceof NotANumber) return undefined;
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * The truth of a checked expression; `undefined` if it is neither true nor false at these values: an operand is NaN (0/0,
 * say), or a function rejects them (`round` to 200 places). For an unchecked expression it throws what `checkExpression`
 * would report.
 */
export function evaluateExpression(text: string, values: Values): boolean | undefined {
  const code = compiled(text);
  try {
    return code.evaluate({ ...values }) === true;
  } catch {
    return undefined;
  }
}

/** The values that the expression uses; none for a text that cannot be read. */
export function namesIn(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  try {
    parse(text).traverse((node) => {
      if (math.isSymbolNode(node) && NAMES.has(node.name)) names.add(node.name);
    });
  } catch {
    return new Set();
  }
  return names;
}

const cache = new Map<string, EvalFunction>();

function compiled(text: string): EvalFunction {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const node = parse(text);
  if (kindOf(node) !== 'boolean') {
    throw new Refused(
      `"${text}" is a number, not a condition; compare it with something, e.g. "${text} < 0.5"`,
    );
  }
  const code = node.compile();
  if (cache.size >= 500) cache.clear();
  cache.set(text, code);
  return code;
}

function parse(text: string): MathNode {
  if (text.trim() === '')
    throw new Refused('the expression is empty; write a condition such as "value < 0.5"');
  if (text.length > LONGEST) {
    throw new Refused(`the expression has ${text.length} characters; at most ${LONGEST} are allowed`);
  }
  try {
    return math.parse(text);
  } catch (error) {
    throw new Refused(
      `the expression cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Walks the tree, refuses everything that is not on the lists above, and answers what the node yields. */
function kindOf(node: MathNode): Kind {
  if (math.isParenthesisNode(node)) return kindOf(node.content);
  if (math.isConstantNode(node)) return constantKind(node.value, node);
  if (math.isSymbolNode(node)) return symbolKind(node.name);
  if (math.isOperatorNode(node)) return operatorKind(node.fn, node.args, node);
  if (math.isRelationalNode(node)) {
    for (const part of node.params) expectKind(part, 'number');
    return 'boolean';
  }
  if (math.isConditionalNode(node)) {
    expectKind(node.condition, 'boolean');
    const kind = kindOf(node.trueExpr);
    expectKind(node.falseExpr, kind);
    return kind;
  }
  if (math.isFunctionNode(node)) return functionKind(node.fn, node.args);
  throw new Refused(`"${node.toString()}" is not allowed; use comparisons, arithmetic, and, or, not`);
}

function constantKind(value: unknown, node: MathNode): Kind {
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number' && Number.isFinite(value)) return 'number';
  throw new Refused(`${node.toString()} is not a number; write a plain number such as 0.5`);
}

function symbolKind(name: string): Kind {
  if (NAMES.has(name)) return 'number';
  throw new Refused(`"${name}" is unknown; the names are ${[...NAMES].join(', ')}`);
}

function operatorKind(fn: string, args: readonly MathNode[], node: MathNode): Kind {
  const logic = Object.hasOwn(LOGIC, fn);
  if (!logic && !Object.hasOwn(ARITHMETIC, fn) && !Object.hasOwn(COMPARISONS, fn)) {
    throw new Refused(
      `the operator in "${node.toString()}" is not allowed; use comparisons, arithmetic, and, or, not`,
    );
  }
  for (const argument of args) expectKind(argument, logic ? 'boolean' : 'number');
  return logic || Object.hasOwn(COMPARISONS, fn) ? 'boolean' : 'number';
}

function functionKind(fn: MathNode | string, args: readonly MathNode[]): Kind {
  const name = typeof fn === 'string' ? fn : math.isSymbolNode(fn) ? fn.name : fn.toString();
  if (!Object.hasOwn(FUNCTIONS, name)) {
    throw new Refused(
      `the function "${name}" is not allowed; the functions are ${Object.keys(FUNCTIONS).join(', ')}`,
    );
  }
  for (const argument of args) expectKind(argument, 'number');
  return 'number';
}

function expectKind(node: MathNode, want: Kind): void {
  const kind = kindOf(node);
  if (kind === want) return;
  throw new Refused(`"${node.toString()}" is a ${kindName(kind)} where a ${kindName(want)} is needed`);
}

function kindName(kind: Kind): string {
  return kind === 'number' ? 'number' : 'condition';
}

type Scope = Map<string, unknown>;
type Lazy = ((args: MathNode[], math: unknown, scope: Scope) => boolean) & { rawArgs?: boolean };

/** Comparisons that refuse NaN, and `and`/`or` that do not evaluate the right side once the left side has decided. */
function guards(): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  const names = Object.keys(COMPARISONS) as (keyof typeof COMPARISONS)[];
  for (const name of names) {
    made[name] = (a: number, b: number): boolean => {
      if (Number.isNaN(a) || Number.isNaN(b)) throw new NotANumber();
      return plain[name](a, b) === true;
    };
  }
  made['and'] = lazy((left, right) => left() && right());
  made['or'] = lazy((left, right) => left() || right());
  return made;
}

function lazy(combine: (left: () => boolean, right: () => boolean) => boolean): Lazy {
  const run: Lazy = (args, _math, scope) => {
    const [left, right] = args.map((node) => () => node.compile().evaluate(scope) === true);
    return left !== undefined && right !== undefined && combine(left, right);
  };
  run.rawArgs = true;
  return run;
}
