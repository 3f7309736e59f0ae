import { describe, expect, test } from 'vitest';
import type { CookieMatch, HeaderMatch } from '../../api/kinds/policy/split.ts';
import { IngressWorld } from '../../test/support/ingress-nginx.ts';
import { ingress, ingressPath } from '../../test/support/routes.ts';
import { aTrafficContext, percent } from '../../test/support/traffic.ts';
import { nginx } from './nginx.ts';
import type { Wants } from '../provider.ts';

const PREFIX = 'nginx.ingress.kubernetes.io/';
const main = (annotations: Record<string, string> = {}) =>
  ingress(
    'shop',
    { 'shop.example.com': [ingressPath('/', 'web')] },
    {
      metadata: {
        name: 'shop',
        annotations: Object.fromEntries(
          Object.entries(annotations).map(([key, value]) => [PREFIX + key, value]),
        ),
      },
    },
  );
const refuse = (wants: Partial<Wants>, annotations?: Record<string, string>) =>
  nginx.refuse(aTrafficContext([main(annotations)], { wants: { total: 100, ...wants } }));
const headers = (...list: HeaderMatch[]) => ({ match: { headers: list, cookies: [] } });
const cookies = (...list: CookieMatch[]) => ({ match: { headers: [], cookies: list } });
const LEGACY = { affinity: 'cookie', 'affinity-canary-behavior': 'legacy' };
const SESSION = { affinity: 'cookie', 'session-cookie-name': 's', 'session-cookie-max-age': '60' };
const sticky = { sticky: { cookie: 's', maxAgeMs: 60_000 } };

describe('refused, with a remedy', () => {
  test.each<[string, Partial<Wants>, Record<string, string>, string[]]>([
    ['copies', { mirror: 100 }, {}, ['spec.mirror', 'provider gateway or istio']],
    [
      'two headers',
      headers({ name: 'A', value: 'x' }, { name: 'A', value: 'y' }),
      {},
      ['spec.match.headers', '2 entries', 'one regex'],
    ],
    [
      'two cookies',
      cookies({ name: 'a', value: 'always' }, { name: 'b', value: 'always' }),
      {},
      ['spec.match.cookies'],
    ],
    ['an underscore, which nginx drops', headers({ name: 'x_group', value: 'x' }), {}, ['"x_group"']],
    [
      'a value that the annotation cannot hold',
      headers({ name: 'A', value: 'a,b' }),
      {},
      ['the value "a,b" of A'],
    ],
    [
      'a regex that the annotation cannot hold',
      headers({ name: 'A', value: 'a{1,2}', regex: true }),
      {},
      ['commas'],
    ],
    ['a blank in a regex', headers({ name: 'A', value: 'a b', regex: true }), {}, ['avoid blanks']],
    [
      'an escape that PCRE reads otherwise than RE2',
      headers({ name: 'A', value: 'a\\Kb', regex: true }),
      {},
      ['PCRE', 'backslash'],
    ],
    [
      'the value of a cookie',
      cookies({ name: 'beta', value: '1' }),
      {},
      ['"always", not "1"', 'set cookie beta'],
    ],
    ['the name of a cookie', cookies({ name: 'be|ta', value: 'always' }), {}, ['the name "be|ta"']],
    [
      'a match where clients of stable stay there',
      headers({ name: 'A', value: 'x' }),
      LEGACY,
      ['affinity: cookie'],
    ],
    [
      'stickiness without sessions',
      sticky,
      {},
      ['affinity: "cookie"', 'session-cookie-name: "s"', 'max-age: "60"'],
    ],
    [
      'stickiness by another cookie',
      sticky,
      { ...SESSION, 'session-cookie-name': 't' },
      ['session-cookie-name: "s"'],
    ],
    [
      'stickiness for another time',
      sticky,
      { ...SESSION, 'session-cookie-max-age': '61' },
      ['max-age: "60"'],
    ],
    [
      'stickiness that the Ingress denies',
      sticky,
      { ...SESSION, 'affinity-canary-behavior': 'legacy' },
      ['says legacy', 'remove one'],
    ],
  ])('%s', (_name, wants, annotations, words) => {
    const got = refuse(wants, annotations);
    expect(got, JSON.stringify(got)).toHaveLength(1);
    expect(got[0]?.reason).toBe('StrategyUnsupported');
    for (const word of words) expect(got[0]?.sentence).toContain(word);
    expect(got[0]?.sentence).toMatch(/^spec\..*; [a-z].*\.$/);
  });
});

describe('accepted, and so it works', () => {
  test.each<[string, HeaderMatch, string]>([
    ['a plain value', { name: 'X-Group', value: 'beta' }, 'beta'],
    [
      'a value with a blank and all the marks',
      { name: 'X-Group', value: 'a-b/c.d_e~f:g h' },
      'a-b/c.d_e~f:g h',
    ],
    ['a value that would mean something', { name: 'X-Group', value: 'never' }, 'never'],
    ['a regex', { name: 'X-Group', value: '(eu|us)-\\d+', regex: true }, 'eu-12'],
    ['a regex with an escaped backslash', { name: 'X-Group', value: 'a\\\\k', regex: true }, 'a\\k'],
    ['a regex of classes', { name: 'X-Group', value: '[a-z]*\\.[^0-9]?', regex: true }, 'abc.x'],
  ])('%s', (_name, header, sample) => {
    const wants = { total: 100, ...headers(header) };
    expect(refuse(wants)).toEqual([]);
    const world = new IngressWorld(main());
    world.wants = wants;
    world.go({ ...percent(0), matching: true });
    expect(world.share({ headers: { 'x-group': sample } })).toBe(100);
    expect(world.share({ headers: { 'x-group': `${sample}!` } })).toBe(0);
  });

  test.each(['beta', 'a.b_c~d-1'])('a cookie called %s', (name) => {
    const wants = { total: 100, ...cookies({ name, value: 'always' }) };
    expect(refuse(wants)).toEqual([]);
    const world = new IngressWorld(main());
    world.wants = wants;
    world.go({ ...percent(0), matching: true });
    expect(world.share({ headers: { cookie: `${name}=always` } })).toBe(100);
    expect(world.share({ headers: { cookie: `${name}=never` } })).toBe(0);
  });

  test('stickiness by the session that the Ingress has', () => {
    expect(refuse(sticky, SESSION)).toEqual([]);
    expect(refuse(sticky, { ...SESSION, 'affinity-canary-behavior': 'sticky' })).toEqual([]);
  });
});
