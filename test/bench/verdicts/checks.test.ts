import { describe, expect, test } from 'vitest';
import type { Check } from './checks.ts';
import { CHECKS } from './all-checks.ts';
import { nearest, resultOf, riskOf } from './checks.ts';
import { MEASURES, share, summarize } from './estimate.ts';
import { GROUPS } from './groups.ts';
import { PEERS } from './peers.ts';
import { jobsOf } from './pool.ts';
import { checkRows, detectionCell, markdownTable, percent, plainTable } from './table.ts';

const estimate = (value: number, error: number) => ({ value, low: value - error, high: value + error });

const check: Check = {
  section: 'alarms',
  name: 'healthy',
  series: 'a/aa/ours',
  measure: 'share',
  bar: { atMost: 0.01 },
  reference: '0.3%',
};

const RISK = riskOf({ few: false, bars: 1 });

const half = summarize([1, Infinity, 3, Infinity]);

test('a missed bar is reported in the table', () => {
  const rows = checkRows([resultOf(check, { 'a/aa/ours': half }, RISK)]);
  expect(rows[1]).toEqual(['alarms', 'healthy', '50%', '15%–85%', '≤ 1%', '0.3%', 'OVER']);
});

test('a section is summed up by the check nearest to its bar', () => {
  const summaries = { a: summarize([1, ...new Array<number>(9).fill(Infinity)]), b: half };
  const results = [
    { ...check, series: 'a' },
    { ...check, series: 'b', bar: { atMost: 0.9 } },
    { ...check, section: 'power', series: 'b', bar: { atLeast: 0.4 } },
  ].map((one) => resultOf(one, summaries, RISK));
  expect(nearest(results).map(({ section, series }) => [section, series])).toEqual([
    ['alarms', 'a'],
    ['power', 'b'],
  ]);
});

test('a check whose series was not measured is an error that names it', () => {
  expect(() => resultOf(check, {}, RISK)).toThrow('a/aa/ours');
});

test('every check has a name of its own, and a group that measures it', () => {
  const names = CHECKS.map(({ section, name }) => `${section}; ${name}`);
  expect(new Set(names).size).toBe(names.length);
  const groups = new Set(['cost', ...GROUPS.map(({ id }) => id)]);
  const without = CHECKS.flatMap(({ series, per = series }) => [series, per]).filter(
    (series) => !groups.has(series.slice(0, series.indexOf('/'))),
  );
  expect(without).toEqual([]);
});

describe('estimates', () => {
  test('what never happened counts as an hour, and the error is that of a mean', () => {
    const { value, low, high } = MEASURES.minutes(summarize([0, Infinity, 0, Infinity]));
    expect(value).toBe(30);
    expect(high - low).toBeCloseTo(2 * 1.96 * Math.sqrt(1200 / 4), 3);
  });

  test("Wilson's interval is that of the textbook", () => {
    const { low, high } = share(0, 10);
    expect([low, high].map((bound) => Number(bound.toFixed(4)))).toEqual([0, 0.2775]);
    expect(share(15, 20).low).toBeCloseTo(0.5313, 4);
    expect(share(15, 20).high).toBeCloseTo(0.8881, 4);
  });
});

describe('tables', () => {
  const rows = [
    ['a', 'long head'],
    ['cell', '1'],
  ];

  test('plain', () => {
    expect(plainTable(rows)).toBe('a     long head\n────  ─────────\ncell  1');
  });

  test('Markdown', () => {
    expect(markdownTable(rows)).toBe('| a    | long head |\n| ---- | --------- |\n| cell | 1         |');
  });

  test('numbers', () => {
    expect([0.0025, 0.1234, 1, 0].map(percent)).toEqual(['0.25%', '12.3%', '100%', '0%']);
    expect(detectionCell(share(10, 10), estimate(2.731, 0))).toBe('2.73 min');
    expect(detectionCell(share(5, 10), estimate(30.04, 0))).toBe('30 min (50%)');
    expect(detectionCell(share(0, 100), estimate(60, 0))).toBe('– (0%)');
  });
});

test('jobs hold every run once, whatever the size of the parts', () => {
  const jobs = jobsOf(
    [
      { id: 'a', runs: 7 },
      { id: 'b', runs: 3 },
    ],
    3,
  );
  const seeds = (group: string): number[] =>
    jobs
      .filter((job) => job.group === group)
      .flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
  expect(seeds('a')).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(seeds('b')).toEqual([1, 2, 3]);
});

describe('methods of others', () => {
  const minutes = (canaryBad: number, length = 30) => ({
    canary: Array.from({ length }, (_, i) => ({ total: 600, bad: canaryBad + (i % 2) })),
    stable: Array.from({ length }, (_, i) => ({ total: 11_400, bad: 100 + (i % 3) })),
  });

  test('find a canary that is much worse', () => {
    const found = Object.values(PEERS).map(({ rollback }) => rollback(minutes(60)));
    expect(found).toEqual([5, 5, 1, 5, 5]);
  });

  test('let one with as few errors as stable pass', () => {
    const found = Object.values(PEERS).map(({ rollback }) => rollback(minutes(4)));
    expect(found).toEqual([Infinity, Infinity, Infinity, Infinity, Infinity]);
  });

  test('differ by their limit: 1.5% errors fail the rule whose limit is what is usual, not the one with twice that', () => {
    expect(PEERS.flagger.rollback(minutes(9))).toBe(5);
    expect(PEERS.flaggerFair.rollback(minutes(9))).toBe(Infinity);
  });
});
