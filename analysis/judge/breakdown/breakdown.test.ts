import { describe, expect, it } from 'vitest';
import type { Counts, LabelledCounts, Measurement } from '../../../api/analysis.ts';
import { seeded, type Random } from '../../../lib/random.ts';
import { binomial } from '../../replay/random.ts';
import { breakDown, type Question } from './breakdown.ts';

const QUESTION: Question = {
  metric: 'errors',
  by: 'route',
  margin: { relative: 0.1, absolute: 1e-4 },
  phi: 1,
  alpha: 0.05,
  logWeight: 0,
};
const WINDOW = { startMs: 0, endMs: 150_000 };

const byLabel = (values: LabelledCounts[]): Measurement => ({
  metric: 'errors',
  window: WINDOW,
  outcome: 'ok',
  kind: 'byLabel',
  tickMs: 15_000,
  values,
});

/** The same counts, [bad, total] of each arm, in each of ten ticks. */
const steady = (value: string, canary: [number, number], stable: [number, number]): LabelledCounts => {
  const ticks = ([bad, total]: [number, number]): Counts[] =>
    Array.from({ length: 10 }, () => ({ bad, total }));
  return { value, canary: ticks(canary), stable: ticks(stable) };
};

const told = (values: LabelledCounts[], change: Partial<Question> = {}) =>
  breakDown(byLabel(values), { ...QUESTION, ...change });
const explaining = (values: LabelledCounts[], change: Partial<Question> = {}): string[] =>
  told(values, change)
    .values.filter(({ explains }) => explains)
    .map(({ value }) => value);

const HEALTHY = [steady('/', [1, 200], [4, 800]), steady('/cart', [0, 100], [1, 400])];
const BROKEN = steady('/buy', [10, 50], [1, 200]);

describe('by a label that splits the requests', () => {
  it('names the value that is worse than stable, with the counts of both versions', () => {
    const found = told([...HEALTHY, BROKEN]);
    expect(found).toMatchObject({ metric: 'errors', by: 'route', rateOf: 'Value', compared: 3 });
    expect(found.sentence).toBe(
      'Of 3 values of route, only /buy explains the failure: canary 20% (100/500) bad against 0.5% (10/2000) of stable.',
    );
    expect(found.values).toMatchObject([
      { value: '/buy', explains: true, canaryRequests: 500, canaryErrors: 100, stableErrors: 10 },
      { value: '/cart', explains: false },
      { value: '/', explains: false },
    ]);
  });

  it('names all that are worse', () => {
    const found = told([...HEALTHY, BROKEN, { ...BROKEN, value: '/pay' }]);
    expect(found.sentence).toBe('Of 4 values of route, 2 explain the failure: /buy, /pay.');
  });

  it('says so if no single value is worse beyond chance', () => {
    const spread = Array.from({ length: 40 }, (_, i) => steady(`/${i}`, [0.2, 5], [0.1, 20]));
    const found = told(spread);
    expect(found.sentence).toBe(
      'No single value of route explains the failure: none of its 40 values is worse than stable beyond chance.',
    );
    expect(found.values).toHaveLength(10);
    expect(found.compared).toBe(40);
  });

  it('says of a label with one value whether that explains it', () => {
    expect(told([BROKEN]).sentence).toMatch(
      /^The only value of route, \/buy, explains the failure: canary 20%/,
    );
    expect(told([steady('/', [1, 200], [4, 800])]).sentence).toBe(
      'No single value of route explains the failure: its only value is not worse than stable beyond chance.',
    );
  });

  it('names three of many, and the series without the label', () => {
    const all = ['', '/a', '/b', '/c', '/d'].map((value, i) => ({
      ...steady(value, [10 + 5 - i, 50], [1, 200]),
    }));
    expect(told(all).sentence).toBe(
      'Of 5 values of route, 5 explain the failure: (none), /a, /b and 2 more.',
    );
  });

  it('needs more evidence the more values there are, at a larger dispersion, and for a less likely beginning', () => {
    const slight = steady('/buy', [1.5, 50], [1, 200]);
    const many = Array.from({ length: 190 }, (_, i) => steady(`/${i}`, [0, 10], [0, 10]));
    expect(explaining([slight])).toEqual(['/buy']);
    expect(explaining([slight, ...many])).toEqual([]);
    expect(explaining([slight], { phi: 10 })).toEqual([]);
    expect(explaining([slight], { logWeight: -12 })).toEqual([]);
  });

  it('does not compare what only one version answered, and does not count it among the compared', () => {
    const fresh = steady('/new', [9, 10], [0, 0]);
    const found = told([...HEALTHY, fresh, steady('/old', [0, 0], [9, 10])]);
    expect(found.compared).toBe(2);
    expect(found.values.find(({ value }) => value === '/new')).toEqual({
      value: '/new',
      explains: false,
      canaryRequests: 100,
      canaryErrors: 90,
      stableRequests: 0,
      stableErrors: 0,
    });
  });

  it('takes a value whose stable requests come with bursts for less certain', () => {
    const bursts = Array.from({ length: 10 }, (_, i): Counts => ({ total: 200, bad: i % 3 === 0 ? 12 : 0 }));
    const restless = { ...steady('/buy', [2.8, 50], [0, 0]), stable: bursts };
    expect(explaining([steady('/buy', [2.8, 50], [4.8, 200])])).toEqual(['/buy']);
    expect(explaining([restless])).toEqual([]);
  });
});

describe('by a label that says how a request ended', () => {
  const code = { by: 'code' };
  const codes = [
    steady('200', [0, 180], [0, 790]),
    steady('500', [2, 2], [9, 9]),
    steady('503', [18, 18], [1, 1]),
  ];

  it('compares the shares of all requests that ended so', () => {
    const found = told(codes, code);
    expect(found).toMatchObject({ rateOf: 'Version', compared: 2 });
    expect(found.values).toMatchObject([
      { value: '503', explains: true, canaryRequests: 2000, canaryErrors: 180, stableRequests: 8000 },
      { value: '500', explains: false },
    ]);
  });

  it('does so for counters whose total does not have the label', () => {
    const found = told(
      [steady('', [0, 200], [0, 800]), steady('500', [2, 0], [9, 0]), steady('503', [18, 0], [0, 0])],
      code,
    );
    expect(found).toMatchObject({ rateOf: 'Version', compared: 2 });
    expect(found.values[0]).toMatchObject({ value: '503', explains: true, canaryRequests: 2000 });
  });
});

describe('without counts', () => {
  it('says why there are none', () => {
    const late: Measurement = {
      metric: 'errors',
      window: WINDOW,
      outcome: 'timeout',
      sentence: 'Prometheus did not answer within 10 s',
    };
    expect(breakDown(late, QUESTION)).toEqual({
      metric: 'errors',
      by: 'route',
      sentence: 'Not counted by route: Prometheus did not answer within 10 s.',
      compared: 0,
      values: [],
    });
    expect(breakDown(undefined, QUESTION).sentence).toBe('Not counted by route: nothing was measured.');
  });

  it('says that nothing can be compared', () => {
    expect(told([steady('/', [0, 0], [0, 10])]).sentence).toBe(
      'No value of route had requests of both versions, so none can be compared.',
    );
  });
});

it('shows values of an application on one line, without what steers a terminal, and not too long', () => {
  const hostile = `/\u001b[31m\n${'x'.repeat(500)}`;
  const [value] = told([{ ...BROKEN, value: hostile }]).values;
  expect(value?.value).toMatch(/^\/\[31m x+…$/);
  expect(value?.value).toHaveLength(128);
});

describe('over many failures', () => {
  const VALUES = 12;
  const RUNS = 400;
  const TICKS = 20;

  /** Twelve routes with very different amounts of traffic, of which the first `broken` fail five times as often. */
  const drawn = (random: Random, broken: number): LabelledCounts[] =>
    Array.from({ length: VALUES }, (_, i) => {
      const rate = 0.002 + 0.02 * random();
      const ticks = (requests: number, p: number): Counts[] =>
        Array.from({ length: TICKS }, () => ({ total: requests, bad: binomial(requests, p, random) }));
      const requests = Math.round(2000 / (i + 1));
      return {
        value: `/${i}`,
        canary: ticks(Math.round(requests / 4), i < broken ? 5 * rate : rate),
        stable: ticks(requests, rate),
      };
    });

  it.each([0, 3])('at most 5% of what is named is named wrongly, with %d broken routes', (broken) => {
    const random = seeded(5);
    let wrong = 0;
    let right = 0;
    for (let run = 0; run < RUNS; run++) {
      const named = explaining(drawn(random, broken)).map((value) => Number(value.slice(1)));
      const mistakes = named.filter((i) => i >= broken).length;
      wrong += mistakes / Math.max(1, named.length);
      right += named.length - mistakes;
    }
    expect(wrong / RUNS).toBeLessThan(0.05);
    expect(right / RUNS).toBeGreaterThanOrEqual(0.95 * broken);
  });
});
