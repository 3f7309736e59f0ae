import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkExpression, evaluateExpression, namesIn } from './expression.ts';

const at = (value: number, stable = 1): { value: number; canary: number; stable: number } => ({
  value,
  canary: value,
  stable,
});

describe('expressions that are allowed', () => {
  test.each([
    ['value < 0.5', at(0.4), true],
    ['value < 0.5', at(0.5), false],
    ['canary <= stable * 1.2 + 0.01', at(1.2), true],
    ['canary / stable > 2', at(3), true],
    ['value > 1 and value < 3 or stable == 7', at(2), true],
    ['not (value > 1)', at(2), false],
    ['0 < value < 1', at(0.5), true],
    ['value > (stable > 5 ? 10 : 1)', at(3, 6), false],
    ['max(value, stable) >= 4', at(3, 4), true],
    ['abs(value - stable) / stable < 10%', at(1.05), true],
    ['value ^ 2 != 4', at(2), false],
    ['true', at(0), true],
  ])('%s', (text, values, want) => {
    expect(checkExpression(text)).toBeUndefined();
    expect(evaluateExpression(text, values)).toBe(want);
  });
});

describe('expressions that are refused, with the offending piece named', () => {
  test.each([
    ['value = 3', 'value = 3'],
    ['f(x) = x', 'f(x) = x'],
    ['a = 1; value > a', 'a = 1'],
    ['import({}, {})', 'import'],
    ['evaluate("1") > 0', 'evaluate'],
    ['createUnit("x") > 0', 'createUnit'],
    ['value.constructor > 0', 'constructor'],
    ['"abc".length > 1', 'length'],
    ['value > "1"', '"1"'],
    ['[1, 2] == value', '[1, 2]'],
    ['value > 5 ms', 'ms'],
    ['latency > 5', 'latency'],
    ['value > NaN', 'NaN'],
    ['pi > value', 'pi'],
    ['random() > value', 'random'],
    ['value! > 2', '!'],
    ['value + 1', 'value + 1'],
    ['(value > 1) + 1 > 0', 'value > 1'],
    ['value and stable', 'value'],
    ['sqrt(1, 2, 3) > value', 'sqrt'],
    ['value >', 'cannot be read'],
    ['', 'empty'],
    [`value > ${'1'.repeat(200)}`, '208 characters'],
  ])('%s', (text, piece) => {
    expect(checkExpression(text)).toContain(piece);
  });

  test('no text makes the check throw or hang, and no value what has passed it', () => {
    const value = fc.oneof(fc.double(), fc.integer());
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 210 }), words()), value, value, (text, a, b) => {
        const problem = checkExpression(text);
        expect(problem === undefined || problem.length > 0).toBe(true);
        if (problem === undefined)
          expect([true, false, undefined]).toContain(evaluateExpression(text, at(a, b)));
      }),
    );
  });
});

describe('values that are no numbers', () => {
  test('a comparison with 0/0 is neither true nor false', () => {
    expect(evaluateExpression('canary / stable > 2', at(0, 0))).toBeUndefined();
    expect(evaluateExpression('not (canary / stable > 2)', at(0, 0))).toBeUndefined();
  });

  test.each([
    ['round(value, stable) > 1', at(2.5, 200)],
    ['round(value, stable) > 1', at(2.5, 0.5)],
    ['stable > 0 and round(value, stable) > 1', at(2.5, 200)],
  ])('%s has no truth where a function does not take its values', (text, values) => {
    expect(checkExpression(text)).toBeUndefined();
    expect(evaluateExpression(text, values)).toBeUndefined();
  });

  test('and/or do not look at the right side once the left side decides', () => {
    expect(evaluateExpression('stable > 0 and canary / stable > 2', at(0, 0))).toBe(false);
    expect(evaluateExpression('stable == 0 or canary / stable < 2', at(0, 0))).toBe(true);
  });
});

test('the names in an expression are found', () => {
  expect([...namesIn('canary > stable * 2')]).toEqual(['canary', 'stable']);
  expect([...namesIn('value >')]).toEqual([]);
});

function words(): fc.Arbitrary<string> {
  const piece = fc.constantFrom(
    ...'value canary stable 1 0.5 > < <= == and or not ( ) + - * / ^ % ? : , min max sqrt round(value,stable) = ; . [ ] " x'.split(
      ' ',
    ),
  );
  return fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(' '));
}
