import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { below, checkReference, renderReference, showReference } from './reference.ts';

const check = (text: string, fenced = false) =>
  checkReference({ text, use: 'counter', args: ['team'], fenced });

describe('a query that leads nowhere is found before it is asked', () => {
  test.each([
    ['stats#/a', 'does not begin with "/"'],
    ['http://elsewhere/stats#/a', 'does not begin with "/"'],
    ['/stats', 'it has no "#"'],
    ['/stats#a', 'has no JSON Pointer'],
    ['/stats#/a~2', 'has no JSON Pointer'],
    ['/../admin#/a', 'leads out of the end point'],
    ['/a/%2e%2e/../../b#/a', 'leads out of the end point'],
    ['/{{servise}}#/a', 'is not a variable'],
    ['/{{routeRegex}}#/a', 'is an expression for PromQL'],
    ['/{{service}#/a', 'which a path cannot have'],
    ['/a b#/a', 'which a path cannot have'],
    ['/a\\..\\b#/a', 'which a path cannot have'],
  ])('%s', (text, message) => {
    const issue = check(text);
    expect(issue?.message).toContain(message);
    expect(issue?.remedy).not.toBe('');
  });

  test.each(['/stats/{{service}}#/requests/total', '/s?pods={{pods}}&t={{args.team}}#', '/a/..#/b/0'])(
    '%s leads somewhere',
    (text) => {
      expect(check(text)).toBeUndefined();
    },
  );

  it('is not longer than anybody reads', () => {
    expect(check(`/${'x'.repeat(5000)}#/a`)?.message).toBe('has 5004 characters');
  });

  it('nothing limits it to one namespace, so it is refused where that is asked for', () => {
    expect(check('/stats#/a', true)?.message).toContain('cannot be limited to one namespace');
  });
});

describe('a value can change nothing but its own place', () => {
  const text = '/of/{{service}}/x?p={{pods}}#/by/{{service}}/n';
  const render = (service: string, pods = 'a,b') => renderReference(text, { service, pods });

  it('whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (service) => {
        const got = render(service);
        if (/^\.+$/.test(service)) {
          expect(got).toMatchObject({ ok: false, problem: 'wrong' });
          return;
        }
        if (!got.ok) throw new Error(got.sentence);
        const { path, way } = got.reference;
        const url = new URL(`http://host/base/${below('http://host/base', path) ?? ''}`);
        const segments = url.pathname.split('/').map(decodeURIComponent);
        expect(segments).toEqual(['', 'base', 'of', service, 'x']);
        expect([...url.searchParams]).toEqual([['p', 'a,b']]);
        expect(way).toEqual(['by', service, 'n']);
      }),
    );
  });

  it('half a character is no value', () => {
    expect(render('\ud800')).toMatchObject({ ok: false, problem: 'wrong' });
  });

  it('nothing to name is missing data, and an unknown name is a wrong query', () => {
    expect(render('web', '')).toMatchObject({ ok: false, problem: 'empty' });
    expect(renderReference(text, {})).toMatchObject({ ok: false, problem: 'wrong' });
  });
});

test('what is shown has the values that are known, and names the others', () => {
  expect(showReference('/of/{{ service }}?p={{pods}}#/{{service}}', { service: 'web-canary' })).toBe(
    '/of/web-canary?p={{pods}}#/web-canary',
  );
});

test.each([
  ['http://host', '/a?b=c', 'a?b=c'],
  ['https://me:secret@host:8443/base/', '/a', 'a'],
  ['http://host/base', '/../base-of-others/a', undefined],
  ['http://host/base', '//elsewhere/a', '/elsewhere/a'],
])('below %s, %s is %s', (base, path, want) => {
  expect(below(base, path)).toBe(want);
});
