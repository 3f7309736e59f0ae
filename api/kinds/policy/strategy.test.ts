import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policies } from '../../../test/support/arbitraries.ts';
import { ladderOf } from '../../ladder.ts';
import { formatIssue, type Result } from '../../../lib/result.ts';
import { parsePolicy } from './policy.ts';
import { serializePolicy } from './policy.ts';

const issuesOf = (result: Result<unknown>) => (result.ok ? [] : result.issues.map(formatIssue));
const BETA = { headers: [{ name: 'x-beta', exact: 'yes' }] };
const times = { minDurationMs: 120_000, maxDurationMs: 1_800_000 };
const asStep = { ...times, pause: false };

function parsed(spec: object) {
  const result = parsePolicy(spec);
  expect(issuesOf(result)).toEqual([]);
  return result.ok ? result.value : expect.fail('not parsed');
}

describe('strategies', () => {
  it('ab has one step in which only those who match go to the canary, or the steps it is given', () => {
    const match = {
      headers: [
        { name: 'X-Beta', exact: 'yes' },
        { name: 'user-agent', regex: '(?i).*bot/(?P<major>[0-9]+)' },
      ],
      cookies: [{ name: 'group', exact: 'b' }],
    };
    expect(parsed({ strategy: 'ab', match })).toMatchObject({
      steps: [{ ...asStep, weight: 0 }],
      match: {
        headers: [
          { name: 'X-Beta', value: 'yes' },
          { name: 'user-agent', value: '(?i).*bot/(?P<major>[0-9]+)', regex: true },
        ],
        cookies: [{ name: 'group', value: 'b' }],
      },
    });
    const steps = [{ weight: 0, minDuration: '1h' }, { weight: 10 }];
    expect(parsed({ strategy: 'ab', match, steps }).steps.map(({ weight }) => weight)).toEqual([0, 10]);
  });

  it('blueGreen has no steps of its own', () => {
    const policy = parsed({ strategy: 'blueGreen', bake: '1h', mirror: {} });
    expect(policy).toMatchObject({ steps: [], bakeMs: 3_600_000, mirror: { percent: 100, ...times } });
    expect(parsed({ strategy: 'blueGreen' }).bakeMs).toBe(600_000);
  });

  it('a weight may have two decimals', () => {
    const steps = [0.01, 0.07, 0.5, 1.15, 98.99].map((weight) => ({ weight }));
    expect(parsed({ steps }).steps.map(({ weight }) => weight)).toEqual([0.01, 0.07, 0.5, 1.15, 98.99]);
  });

  it('a mirror takes its times from a step where it says none', () => {
    expect(parsed({ mirror: { minDuration: '20m' } }).mirror).toEqual({
      percent: 100,
      minDurationMs: 1_200_000,
      maxDurationMs: 2_400_000,
    });
    expect(parsed({ stickiness: { cookie: 'c' } }).stickiness).toEqual({ cookie: 'c', maxAgeMs: 3_600_000 });
  });

  it.each([
    {
      spec: { strategy: 'ab' },
      want: 'spec.match: is missing; say by headers or cookies which requests go to the canary',
    },
    { spec: { match: BETA }, want: 'cannot be used with strategy canary; remove it, or use strategy: ab' },
    {
      spec: { strategy: 'blueGreen', steps: [{ weight: 5 }] },
      want: 'spec.steps: [{"weight":5}] cannot be used with strategy blueGreen; remove it; mirror and bake say what happens before and after the switch',
    },
    {
      spec: { strategy: 'blueGreen', stickiness: { cookie: 'c' } },
      want: 'cannot be used with strategy blueGreen; remove it; all requests switch at once',
    },
    { spec: { strategy: 'blueGreen', match: BETA }, want: 'cannot be used with strategy blueGreen' },
    {
      spec: { bake: '5m' },
      want: 'spec.bake: "5m" cannot be used with strategy canary; remove it, or use strategy: blueGreen',
    },
    { spec: { mirror: { percent: 0 } }, want: 'spec.mirror.percent: 0 is too small' },
    {
      spec: { mirror: { minDuration: '1h', maxDuration: '2m' } },
      want: 'spec.mirror.maxDuration: "2m" is shorter than minDuration 1h; give at least 1h',
    },
    { spec: { mirror: true }, want: 'spec.mirror: true is a boolean, not an object' },
    { spec: { stickiness: {} }, want: 'spec.stickiness.cookie: is missing; name the cookie' },
    { spec: { stickiness: { cookie: 'a b' } }, want: 'is not the name of a cookie' },
    {
      spec: { stickiness: { cookie: 'a', maxAge: '1500ms' } },
      want: '"1500ms" is not a whole number of seconds',
    },
    { spec: { stickiness: { cookie: 'a', maxAge: '721h' } }, want: '"721h" is longer than 720h' },
  ])('refuses $spec', ({ spec, want }) => {
    const issues = issuesOf(parsePolicy(spec));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toContain(want);
  });

  it.each([
    { match: {}, want: 'spec.match: {} matches nothing; give at least one of headers, cookies' },
    { match: { headers: [], cookies: [] }, want: 'matches nothing' },
    { match: [], want: 'spec.match: [] is a list, not an object' },
    { match: { headers: [{ name: 'a' }] }, want: 'does not have exactly one of exact and regex' },
    {
      match: { headers: [{ name: 'a', exact: 'b', regex: 'c' }] },
      want: 'does not have exactly one of exact and regex',
    },
    { match: { headers: [{ name: 'a:b', exact: 'c' }] }, want: 'is not the name of a header' },
    { match: { headers: [{ name: 'a', exact: 'b\nc' }] }, want: 'is not the value of a header' },
    { match: { headers: [{ name: 'a', exact: ' b' }] }, want: 'is not the value of a header' },
    ...['b  c', 'b\tc', 'bé', 'b '].flatMap((value) => [
      { match: { headers: [{ name: 'a', exact: value }] }, want: 'with single blanks between them' },
      { match: { headers: [{ name: 'a', regex: value }] }, want: 'with single blanks between them' },
    ]),
    { match: { headers: [{ name: 'a', regex: '(' }] }, want: 'is not a regular expression' },
    { match: { headers: [{ name: 'a', regex: '^(?!x).*' }] }, want: 'which RE2 does not have' },
    { match: { headers: [{ name: 'a', regex: String.raw`(a)\1` }] }, want: 'which RE2 does not have' },
    { match: { headers: [{ name: 'a', regex: 'x'.repeat(257) }] }, want: 'give at most 256' },
    { match: { cookies: [{ name: 'a' }] }, want: 'spec.match.cookies[0].exact: is missing' },
    { match: { cookies: [{ name: 'a=b', exact: 'c' }] }, want: 'is not the name of a cookie' },
    ...['a b', 'a;b', 'a"b', 'a,b', 'a\\b', ''].map((exact) => ({
      match: { cookies: [{ name: 'a', exact }] },
      want: 'is not the value of a cookie',
    })),
    { match: { cookies: Array.from({ length: 9 }, () => ({ name: 'a', exact: 'b' })) }, want: 'has 9 items' },
  ])('refuses to match $match', ({ match, want }) => {
    const issues = issuesOf(parsePolicy({ strategy: 'ab', match }));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toContain(want);
  });

  it('are read back as they were written out', () => {
    fc.assert(
      fc.property(policies, (policy) => {
        expect(parsePolicy(serializePolicy(policy))).toEqual({ ok: true, value: policy });
      }),
    );
  });
});

describe('the ladder', () => {
  const shape = (spec: object) =>
    ladderOf(parsed(spec)).map(({ weight, mirror, fullSize }) => ({ weight, mirror, fullSize }));

  it('of a canary is its steps, after the copies', () => {
    expect(shape({ steps: [{ weight: 5 }] })).toEqual([{ weight: 5 }]);
    expect(shape({ steps: [{ weight: 0.5 }], mirror: { percent: 10 } })).toEqual([
      { weight: 0, mirror: 10 },
      { weight: 0.5 },
    ]);
  });

  it('of ab has the stable size in every step', () => {
    expect(shape({ strategy: 'ab', match: BETA, mirror: {} })).toEqual([
      { weight: 0, mirror: 100, fullSize: true },
      { weight: 0, fullSize: true },
    ]);
  });

  it('of blueGreen is a step without live requests and the switch, which lasts as long as the bake', () => {
    expect(shape({ strategy: 'blueGreen' })).toEqual([
      { weight: 0, fullSize: true },
      { weight: 100, fullSize: true },
    ]);
    expect(ladderOf(parsed({ strategy: 'blueGreen', mirror: { percent: 50 } }))).toEqual([
      { ...asStep, weight: 0, mirror: 50, fullSize: true },
      { weight: 100, minDurationMs: 600_000, maxDurationMs: 1_800_000, pause: false, fullSize: true },
    ]);
    const [, bake] = ladderOf(parsed({ strategy: 'blueGreen', bake: '1h' }));
    expect(bake).toMatchObject({ minDurationMs: 3_600_000, maxDurationMs: 7_200_000 });
  });
});
