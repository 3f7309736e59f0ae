import type { Headers } from './session.ts';
import { OFF } from '../provider.ts';
import type { Split, Wants } from '../provider.ts';
import { NOTHING_WANTED } from '../shared/wants.ts';

/** What a release wants, and the splits that it passes through. */
export interface Ladder {
  name: string;
  wants: Wants;
  splits: readonly Split[];
  /** a value for each header that is matched by a regular expression */
  samples?: Readonly<Record<string, string>>;
}

export const at = (weight: number): Split => ({ ...OFF, weight });
const matched = (weight: number): Split => ({ ...OFF, weight, matching: true });
const mirrored = (mirror: number): Split => ({ ...OFF, mirror });

export const PLAIN: Ladder = { name: 'percents', wants: NOTHING_WANTED, splits: [0, 5, 50, 0].map(at) };

const HEADERS = { headers: [{ name: 'X-Group', value: 'beta' }], cookies: [] };
/**
 * Names of rules that fixtures have, or that a user gives to a rule during a release; no policy points at
 * them.
 */
const copyRules = ['root', 'a', 'b', 'c', 'cart', 'api', 'v2', ...[0, 1, 2, 3, 4, 5].map((i) => `rule-${i}`)];
const STICKY = { cookie: 'sluice', maxAgeMs: 3_600_000 };

/**
 * What back ends may support besides whole percents. Fixtures choose from these, and may have ladders of
 * their own.
 */
export const LADDERS = {
  fractions: {
    name: 'fractions of a percent',
    wants: { total: 10_000 },
    splits: [0.05, 12.5, 33.33, 0].map(at),
  },
  switch: { name: 'the switch of blue-green', wants: { total: 100 }, splits: [0, 100, 0, 100].map(at) },
  mirror: {
    name: 'copies of some requests',
    wants: { total: 100, mirror: 10 },
    splits: [mirrored(10), at(5), mirrored(10), OFF],
  },
  mirrorAll: {
    name: 'copies of all requests, then the switch',
    wants: { total: 100, mirror: 100 },
    splits: [mirrored(100), at(100), OFF],
  },
  header: {
    name: 'a header',
    wants: { total: 100, match: HEADERS, copyRules },
    splits: [matched(0), matched(20), OFF, matched(0)],
  },
  headers: {
    name: 'any of several headers',
    wants: {
      total: 100,
      copyRules,
      match: {
        headers: [...HEADERS.headers, { name: 'X-Version', value: 'v[0-9]+', regex: true }],
        cookies: [],
      },
    },
    samples: { 'X-Version': 'v12' },
    splits: [matched(0), matched(50), at(50)],
  },
  cookies: {
    name: 'a cookie, a header and copies before',
    wants: {
      total: 100,
      copyRules,
      mirror: 50,
      match: { ...HEADERS, cookies: [{ name: 'group', value: 'b.1' }] },
    },
    splits: [mirrored(50), matched(0), matched(5), OFF],
  },
  sticky: {
    name: 'clients that stay',
    wants: { total: 100, sticky: STICKY, copyRules },
    splits: [matched(5), matched(50), OFF],
  },
  everything: {
    name: 'everything at once',
    wants: {
      total: 10_000,
      mirror: 100,
      copyRules,
      sticky: STICKY,
      match: { ...HEADERS, cookies: [{ name: 'group', value: 'b.1' }] },
    },
    splits: [mirrored(100), matched(0), matched(12.5), OFF],
  },
} as const satisfies Record<string, Ladder>;

/** Requests that a release's matches mean, and some that only look like them. */
export interface Probes {
  hits: Headers[];
  misses: Headers[];
}

export function probesOf(
  { wants, samples = {} }: Pick<Ladder, 'wants' | 'samples'>,
  release: string,
): Probes {
  const headers = (wants.match?.headers ?? []).map(({ name, value, regex }): [string, string] => [
    name.toLowerCase(),
    regex === undefined ? value : (samples[name] ?? ''),
  ]);
  const cookies = [
    ...(wants.match?.cookies ?? []),
    ...(wants.sticky === undefined ? [] : [{ name: wants.sticky.cookie, value: release }]),
  ].map(({ name, value }): [string, string] => [name, value]);
  return {
    hits: [
      ...headers.map(([name, value]) => ({ [name]: value })),
      ...cookies.flatMap(([name, value]) => [
        { cookie: `${name}=${value}` },
        { cookie: `a=1; ${name}=${value}; z=2` },
      ]),
    ],
    misses: [
      {},
      ...headers.map(([name, value]) => ({ [name]: `${value}x` })),
      ...cookies.flatMap(([name, value]) => [
        { cookie: `${name}=${value}x` },
        { cookie: `x${name}=${value}` },
        { cookie: `${name}=${value.replaceAll(/[.-]/g, 'x')}x; a=1` },
      ]),
    ],
  };
}
