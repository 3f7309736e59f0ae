import type { SyntaxNode } from '@lezer/common';
import { partsOf, type Problem, type Query } from './parse.ts';
import { SCALAR_FUNCTIONS, signatureOf, type ArgumentKind } from './signatures.ts';

/** i an instant vector, r a range, s a scalar, t text; any: not known. */
export type Kind = ArgumentKind | 'any';

const NAMES: Record<Kind, string> = {
  i: 'an instant vector',
  r: 'a range, like x[5m]',
  s: 'a number',
  t: 'a text',
  any: 'anything',
};

/** What Prometheus refuses although the grammar accepts it: a rate without a range, a sum of a text, a selector of everything. */
export function misuseIn({ root, text }: Query): Problem | undefined {
  const check = new Check(text);
  check.kindOf(root);
  return check.problem;
}

/** What the query returns; undefined if it cannot be used. */
export function kindOf({ root, text }: Query): Kind | undefined {
  const check = new Check(text);
  const kind = check.kindOf(root);
  return check.problem === undefined ? kind : undefined;
}

interface Expected {
  kinds: readonly Kind[];
  who: string;
}

/** An expression with some of the modifiers that follow it. */
interface Suffixed {
  kind: Kind;
  what: 'selector' | 'shifted' | 'range' | 'other';
  node: SyntaxNode;
}

const SUFFIXED: ReadonlySet<string> = new Set([
  'MatrixSelector',
  'SubqueryExpr',
  'OffsetExpr',
  'StepInvariantExpr',
  'AnchoredExpr',
  'SmoothedExpr',
]);

class Check {
  problem: Problem | undefined;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * `after`: what follows the node and belongs to its last operand, innermost first. The grammar reads `a / b offset 5m`
   * as `(a / b) offset 5m`; Prometheus does not.
   */
  kindOf(node: SyntaxNode, after: readonly SyntaxNode[] = []): Kind {
    if (node.name === 'BinaryExpr') return this.#binary(node, after);
    if (node.name === 'UnaryExpr') return this.#unary(node, after);
    const [first] = partsOf(node);
    if (SUFFIXED.has(node.name)) return first === undefined ? 'any' : this.kindOf(first, [node, ...after]);
    return after.reduce<Suffixed>((inner, suffix) => this.#suffixed(inner, suffix), {
      kind: this.#plain(node, first),
      what: node.name === 'VectorSelector' ? 'selector' : 'other',
      node,
    }).kind;
  }

  #plain(node: SyntaxNode, first: SyntaxNode | undefined): Kind {
    switch (node.name) {
      case 'NumberDurationLiteral':
        return 's';
      case 'StringLiteral':
        return 't';
      case 'VectorSelector':
        return this.#selector(node);
      case 'ParenExpr':
        return first === undefined ? 'any' : this.kindOf(first);
      case 'AggregateExpr':
        return this.#aggregate(node);
      case 'FunctionCall':
        return this.#call(node);
      default:
        return 'any';
    }
  }

  #suffixed(inner: Suffixed, suffix: SyntaxNode): Suffixed {
    const { kind, what, node } = inner;
    switch (suffix.name) {
      case 'MatrixSelector':
        if (what !== 'selector') {
          this.#refuse(
            node,
            'a range follows a selector only; of an expression write a subquery, like (…)[5m:15s]',
          );
        }
        return { kind: 'r', what: 'range', node };
      case 'SubqueryExpr':
        this.#expect(node, kind, { kinds: ['i'], who: 'a subquery needs' });
        return { kind: 'r', what: 'range', node };
      case 'OffsetExpr':
      case 'StepInvariantExpr':
        if (what === 'other') {
          this.#refuse(node, '"offset" and "@" may follow only a selector, a range or a subquery');
        }
        return { kind, what: what === 'selector' ? 'shifted' : what, node };
      default:
        return inner;
    }
  }

  #refuse(at: SyntaxNode, message: string): void {
    this.problem ??= { at: at.from, message };
  }

  #want(node: SyntaxNode, expected: Expected, after: readonly SyntaxNode[] = []): Kind {
    const kind = this.kindOf(node, after);
    this.#expect(node, kind, expected);
    return kind;
  }

  #expect(node: SyntaxNode, kind: Kind, { kinds, who }: Expected): void {
    if (kind === 'any' || kinds.includes(kind)) return;
    const wanted = kinds.map((each) => NAMES[each]).join(' or ');
    this.#refuse(node, `${who} ${wanted}, and this is ${NAMES[kind]}`);
  }

  #textOf(node: SyntaxNode): string {
    return this.#text.slice(node.from, node.to);
  }

  #selector(node: SyntaxNode): Kind {
    const name = node.getChild('Identifier');
    const matchers = node.getChild('LabelMatchers');
    const all = matchers === null ? [] : partsOf(matchers);
    const quoted = all.filter((each) => each.name === 'QuotedLabelName').length;
    const names = (name === null ? 0 : 1) + quoted;
    const byLabel = all.some(
      (each) => each.name === 'UnquotedLabelMatcher' && this.#isEqual(each, '__name__'),
    );
    if (names > 1 || (name !== null && byLabel)) this.#refuse(node, 'the name of the metric is given twice');
    else if (names === 0 && !all.some((each) => this.#narrows(each))) {
      this.#refuse(node, 'the selector needs a metric or a matcher that does not match the empty text');
    }
    return 'i';
  }

  /** A matcher `label=…`? */
  #isEqual(matcher: SyntaxNode, label: string): boolean {
    const [name, op] = partsOf(matcher);
    return name !== undefined && op !== undefined && this.#textOf(name) === label && this.#textOf(op) === '=';
  }

  /** Could the matcher exclude a series without the label? For a regular expression only Prometheus can tell. */
  #narrows(matcher: SyntaxNode): boolean {
    const [, op, value] = partsOf(matcher);
    if (op === undefined || value === undefined) return false;
    const text = this.#textOf(value).slice(1, -1);
    const empty = text === '';
    switch (this.#textOf(op)) {
      case '=':
        return !empty;
      case '!=':
        return empty;
      case '=~':
        return !['', '.*'].includes(text);
      default:
        return !/^(\.\+|\w+)$/.test(text);
    }
  }

  #unary(node: SyntaxNode, after: readonly SyntaxNode[]): Kind {
    const operand = partsOf(node)[1];
    return operand === undefined
      ? 'any'
      : this.#want(operand, { kinds: ['s', 'i'], who: 'a sign needs' }, after);
  }

  #binary(node: SyntaxNode, after: readonly SyntaxNode[]): Kind {
    const parts = partsOf(node);
    const [left, operator] = parts;
    const right = parts.at(-1);
    if (left === undefined || right === undefined || operator === undefined) return 'any';
    const sign = this.#textOf(operator);
    const expected: Expected = { kinds: ['s', 'i'], who: `"${sign}" needs` };
    const sides = [this.#want(left, expected), this.#want(right, expected, after)];
    const numbers = sides.filter((kind) => kind === 's').length;
    const compares = ['==', '!=', '<', '>', '<=', '>='].includes(sign);
    const isSet = ['And', 'Or', 'Unless'].includes(operator.name);
    const bool = node.getChild('BoolModifier');
    if (isSet && numbers > 0) this.#refuse(operator, `"${sign}" needs an instant vector on both sides`);
    if (compares && numbers === 2 && bool === null) {
      this.#refuse(operator, `between two numbers "${sign}" must be followed by "bool"`);
    }
    if (bool !== null && !compares) this.#refuse(bool, '"bool" may follow a comparison only');
    if (node.getChild('MatchingModifierClause') !== null && numbers > 0) {
      this.#refuse(operator, '"on" and "ignoring" need an instant vector on both sides');
    }
    if (sides.includes('any')) return 'any';
    return numbers === 2 ? 's' : 'i';
  }

  #aggregate(node: SyntaxNode): Kind {
    const operator = node.getChild('AggregateOp');
    const name = operator === null ? '' : this.#textOf(operator).toLowerCase();
    const given = argumentsOf(node);
    const parameter = PARAMETERS[name];
    const wanted = parameter === undefined ? 1 : 2;
    if (given.length !== wanted) {
      this.#refuse(
        node,
        `${name} takes ${wanted === 1 ? 'one argument' : 'two arguments'}, and there are ${given.length}`,
      );
    }
    const of = given.at(-1);
    if (parameter !== undefined && given[0] !== undefined && given.length === 2) {
      this.#want(given[0], { kinds: [parameter], who: `the first argument of ${name} must be` });
    }
    if (of !== undefined) this.#want(of, { kinds: ['i'], who: `${name} needs` });
    return 'i';
  }

  #call(node: SyntaxNode): Kind {
    const identifier = node.getChild('FunctionIdentifier');
    const name = identifier === null ? '' : this.#textOf(identifier);
    const given = argumentsOf(node);
    const signature = signatureOf(name);
    if (signature === undefined) {
      given.forEach((each) => this.kindOf(each));
      return 'any';
    }
    const { kinds, least, most } = signature;
    if (given.length < least || given.length > most) {
      const count =
        least === most ? String(least) : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
      this.#refuse(
        node,
        `${name}() takes ${count} argument${count === '1' ? '' : 's'}, and there are ${given.length}`,
      );
    }
    given.forEach((each, i) => {
      const kind = kinds[i] ?? kinds.at(-1);
      if (kind !== undefined) this.#want(each, { kinds: [kind], who: `${name}() needs` });
    });
    return SCALAR_FUNCTIONS.has(name) ? 's' : 'i';
  }
}

/** Aggregations that take another parameter beside what they aggregate. */
const PARAMETERS: Readonly<Record<string, ArgumentKind>> = {
  topk: 's',
  bottomk: 's',
  limitk: 's',
  limit_ratio: 's',
  quantile: 's',
  count_values: 't',
};

function argumentsOf(node: SyntaxNode): SyntaxNode[] {
  const body = node.getChild('FunctionCallBody');
  return body === null ? [] : partsOf(body);
}
