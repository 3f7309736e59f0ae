import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cookiePattern, stickyCookie } from './cookies.ts';

test.each([
  ['variant=b', true],
  ['a=1; variant=b', true],
  ['a=1;variant=b ; c=2', true],
  ['a=1;\tvariant=b\t', true],
  ['variant=b2', false],
  ['variant=a; other=variant=b', false],
  ['xvariant=b', false],
  ['', false],
])('of the header %j the cookie variant=b is read: %s', (header, found) => {
  expect(new RegExp(cookiePattern('variant', 'b')).test(header)).toBe(found);
});

test('a route may hold it as the value of a header: printable signs alone', () => {
  expect(cookiePattern('release', 'shop-19')).toBe('^(.*;\\s*)?release=shop-19\\s*(;.*)?$');
  expect(cookiePattern('a.b$', 'x+(y)|z')).toMatch(/^[!-~]+$/);
});

test('signs in names and values mean themselves', () => {
  const pattern = new RegExp(cookiePattern('a.b$', 'x+(y)|z'));
  expect(pattern.test('a.b$=x+(y)|z')).toBe(true);
  expect(pattern.test('aXb$=x+(y)|z')).toBe(false);
  expect(pattern.test('z')).toBe(false);
});

test('a client that was given the cookie is recognised by it', () => {
  const header = stickyCookie({ cookie: 'canary', maxAgeMs: 90_000 }, 'web-7');
  expect(header).toBe('canary=web-7; Path=/; Max-Age=90; HttpOnly');
  const [cookie = ''] = header.split(';');
  expect(new RegExp(cookiePattern('canary', 'web-7')).test(`a=b; ${cookie}`)).toBe(true);
});

describe('of every cookie that a policy may name', () => {
  const text = (signs: string, max: number) =>
    fc.string({ unit: fc.constantFrom(...Array.from(signs)), minLength: 1, maxLength: max });
  const letters = 'abcXYZ019';
  const name = text(`${letters}!#$%&'*+-.^_\`|~`, 256);
  const value = text(`${letters}!#$%&'()*+-./:<=>?@[]^_\`{|}~`, 512);
  /**
   * Like `headers[].value` of the experimental HTTPRoute, whose own expression takes extremely long on a
   * value that does not match.
   */
  const isHeaderValue = (pattern: string) => /^[!-~]+([\t ][!-~]+)*$/.test(pattern) && pattern.length <= 4096;

  test('the expression is one that every channel of the Gateway API takes', () => {
    fc.assert(
      fc.property(name, value, (cookie, content) => {
        expect(isHeaderValue(cookiePattern(cookie, content))).toBe(true);
      }),
    );
  });

  test('it means this cookie and no other, wherever it stands', () => {
    fc.assert(
      fc.property(name, value, name, value, (cookie, content, other, something) => {
        fc.pre(other !== cookie && something !== content);
        const pattern = new RegExp(`^(?:${cookiePattern(cookie, content)})$`);
        const wanted = `${cookie}=${content}`;
        for (const header of [wanted, `${other}=${something}; ${wanted}`, `${wanted};${other}=${something}`])
          expect(pattern.test(header), header).toBe(true);
        for (const header of [`${other}=${content}`, `${cookie}=${something}`, `x${wanted}`, `${wanted}x`])
          expect(pattern.test(header), header).toBe(false);
      }),
    );
  });
});
