import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coverings } from './cover.ts';
import { matching } from './match.ts';
import { testsOf, type LabelTest } from './matchers.ts';
import { parseQuery } from './parse.ts';

function tests(selector: string): LabelTest[] {
  const parsed = parseQuery(selector);
  const found = parsed.ok ? testsOf(parsed.query.root, selector) : undefined;
  if (found === undefined) throw new Error(`no selector: ${selector}`);
  return found;
}

const covered = (...selectors: string[]) => coverings(selectors.map(tests)).map(({ text }) => text);

describe('one selector covers', () => {
  test.each([
    ['both arms of one counter', ['x{s="a"}', 'x{s="b"}'], ['x{s=~"a|b"}']],
    ['bad requests and all of them', ['x{s="a",code=~"5.."}', 'x{s="a"}'], ['x{s="a"}']],
    [
      'every arm of two counters',
      ['x{s="a",code=~"5.."}', 'x{s="a"}', 'y{s="b"}', 'x{s="b"}', 'y{s="a"}'],
      ['{__name__=~"x|y",s=~"a|b"}'],
    ],
    ['a value and no value', ['x{c=~"n-(80)",n="1"}', 'x{n="1",c=""}'], ['x{c=~"|(?:n-(80))",n="1"}']],
    [
      'text that would mean something as a regular expression',
      ['x{s="a.b"}', 'x{s="a+"}'],
      ['x{s=~"a\\\\+|a\\\\.b"}'],
    ],
    ['names in quotes', ['{"x.y",s="a"}', '{"x.y",s="b"}'], ['{__name__="x.y",s=~"a|b"}']],
  ])('%s', (_, selectors, want) => {
    expect(covered(...selectors)).toEqual(want);
  });

  test.each([
    ['that differ in two labels', ['x{s="a",n="1"}', 'x{s="b",n="2"}']],
    ['that exclude different values', ['x{s!="a"}', 'x{s!="b"}']],
    ['of which each sets a label that the other leaves open', ['x{s="a"}', 'x{n="1"}']],
  ])('not selectors %s', (_, selectors) => {
    expect(coverings(selectors.map(tests)).map(({ of }) => of)).toEqual([[0], [1]]);
  });
});

const VALUES = ['', 'a', 'b', 'a.b'];
const test_ = fc.record({
  label: fc.constantFrom('s', 'code', 'n'),
  op: fc.constantFrom('=' as const, '!=' as const, '=~' as const, '!~' as const),
  value: fc.constantFrom('', 'a', 'b', 'a.b', 'a|b', 'a.*', '.+', '(?i)A'),
});
const selector = fc
  .tuple(fc.constantFrom('x', 'y'), fc.array(test_, { maxLength: 3 }))
  .map(([name, more]) => [{ label: '__name__', op: '=' as const, value: name }, ...more]);

/** All series there could be. */
const UNIVERSE = ['x', 'y', 'z'].flatMap((__name__) =>
  VALUES.flatMap((s) => VALUES.flatMap((code) => ['', 'b', 'axb'].map((n) => ({ __name__, s, code, n })))),
);

/** Read without our reader of regular expressions; those drawn mean the same in JavaScript. */
function selects(all: readonly LabelTest[], labels: Record<string, string>): boolean {
  return all.every(({ label, op, value }) => {
    const text = labels[label] ?? '';
    const flags = value.includes('(?i)') ? 'i' : '';
    const pattern = new RegExp(`^(?:${value.replace('(?i)', '')})$`, flags);
    const equal = op.endsWith('~') ? pattern.test(text) : text === value;
    return equal === (op === '=' || op === '=~');
  });
}

test('what is covered is what the selectors select together: none more, none less, and no selector is lost', () => {
  fc.assert(
    fc.property(fc.array(selector, { minLength: 1, maxLength: 8 }), (all) => {
      const found = coverings(all);
      expect(found.flatMap(({ of }) => of).sort((a, b) => a - b)).toEqual(all.map((_, i) => i));
      for (const { text, of } of found) {
        const covers = matching(tests(text));
        for (const labels of UNIVERSE) {
          expect(covers?.(labels)).toBe(of.some((i) => selects(all[i] ?? [], labels)));
        }
      }
    }),
  );
});

test('a selector whose escapes are bytes is not read', () => {
  const query = String.raw`x{s="\xff"}`;
  const parsed = parseQuery(query);
  expect(parsed.ok && testsOf(parsed.query.root, query)).toBeUndefined();
});

test('a regular expression that is not one of RE2 is not matched', () => {
  expect(matching([{ label: 's', op: '=~', value: '(?<=a)b' }])).toBeUndefined();
});

test('one that would take JavaScript hours takes no time', () => {
  const matches = matching([{ label: 's', op: '=~', value: '(a*)*b' }]);
  expect(matches?.({ s: 'a'.repeat(5000) })).toBe(false);
});
