import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { armVariables, checkQuery, promDuration, literalRegex, renderQuery } from './query.ts';

describe('values are escaped for the place they go to', () => {
  test.each([
    ['a string', 'up{pod="{{x}}"}', 'a"b\\c\nd', 'up{pod="a\\"b\\\\c\\nd"}'],
    ['a single-quoted string', "up{pod='{{x}}'}", `a'b"c`, `up{pod='a\\'b"c'}`],
    ['a raw string', 'up{pod=`{{x}}`}', 'a"b\\c', 'up{pod=`a"b\\c`}'],
    ['a regular expression', 'up{pod=~"{{x}}-.*"}', 'a.b|c', 'up{pod=~"a\\\\.b\\\\|c-.*"}'],
    ['a negated regular expression', 'up{pod!~ "{{x}}"}', 'a+', 'up{pod!~ "a\\\\+"}'],
    ['bare PromQL', 'sum(rate({{x}}[5m]))', 'http_requests:sum', 'sum(rate(http_requests:sum[5m]))'],
    ['after another string', 'up{a="=~",pod="{{x}}"}', 'a.b', 'up{a="=~",pod="a.b"}'],
    ['spaces inside the braces', 'up{pod="{{ x }}"}', 'web', 'up{pod="web"}'],
  ])('%s', (_, text, x, query) => {
    expect(renderQuery(text, { x })).toEqual({ ok: true, query });
  });

  test('a list becomes an alternation, and what is a regular expression already stays one', () => {
    expect(renderQuery('up{pod=~"{{pods}}"}', { pods: 'web-1,web.2' })).toEqual({
      ok: true,
      query: 'up{pod=~"web-1|web\\\\.2"}',
    });
    expect(renderQuery('up{ingress=~"{{ingressRegex}}"}', { ingressRegex: 'a\\.b|c' })).toEqual({
      ok: true,
      query: 'up{ingress=~"a\\\\.b|c"}',
    });
  });

  test.each([
    ['bare PromQL', 'x[{{x}}]', '5m])'],
    ['a raw string', 'up{pod=`{{x}}`}', 'a`b'],
  ])('a value that cannot be made safe in %s is refused', (_, text, x) => {
    expect(renderQuery(text, { x })).toMatchObject({ ok: false, problem: 'wrong' });
  });

  test('no value leaves its string', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.constantFrom('=', '=~'), (x, op) => {
        const got = renderQuery(`up{pod${op}"{{x}}"}`, { x });
        if (!got.ok) throw new Error(got.sentence);
        const inside = got.query.slice(`up{pod${op}"`.length, -2);
        expect(inside.replace(/\\./gs, '')).not.toMatch(/["\\\n]/);
      }),
    );
  });

  test('a list without a member is missing data, not a selector that matches everything', () => {
    expect(renderQuery('up{pod=~"{{pods}}"}', { pods: '' })).toMatchObject({ ok: false, problem: 'empty' });
    expect(renderQuery('up{pod=~"{{pods}}"}', {})).toMatchObject({ ok: false, problem: 'wrong' });
  });
});

test('a literal for =~"…" matches nothing but itself', () => {
  expect(literalRegex('web.1"\\\n')).toBe('web\\\\.1\\"\\\\\\\\\\n');
});

describe('a wrong template is found before it is asked', () => {
  const args = ['path'];
  test.each([
    ['up{a="{{nmespace}}"}', '{{nmespace}}', 'is not a variable'],
    ['up{a="{{namespace}"}', undefined, 'not closed'],
    ['up{a="b}', undefined, 'not closed'],
    ['up{pod="{{pods}}"}', '{{pods}}', 'is a list'],
    ['up[{{portRegex}}]', '{{portRegex}}', 'is a list'],
    ['', undefined, 'is empty'],
    [`up{a="${'x'.repeat(5000)}"}`, undefined, '5008 characters'],
  ])('%s', (text, value, message) => {
    const issue = checkQuery(text, args);
    expect(issue?.message).toContain(message);
    if (value !== undefined) expect(issue?.value).toBe(value);
    expect(issue?.remedy).not.toBe('');
  });

  test('declared arguments and the known variables are fine', () => {
    expect(checkQuery('up{a="{{args.path}}",n="{{namespace}}",pod=~"{{pods}}"}', args)).toBeUndefined();
  });
});

test('service, deployment and pods follow the arm', () => {
  const all = {
    target: 'web',
    stableService: 'web',
    canaryService: 'web-canary',
    canaryDeployment: 'web-canary',
    stablePods: 'a,b',
    canaryPods: 'c',
  };
  expect(armVariables(all, 'canary', 15_000)).toMatchObject({
    service: 'web-canary',
    deployment: 'web-canary',
    pods: 'c',
    interval: '15s',
  });
  expect(armVariables(all, 'stable', 15_500)).toMatchObject({
    service: 'web',
    deployment: 'web',
    pods: 'a,b',
    interval: '15500ms',
  });
  expect(promDuration(60_000)).toBe('60s');
});
