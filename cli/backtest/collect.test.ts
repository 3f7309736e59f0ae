import { describe, expect, it } from 'vitest';
import type { Series } from '../../analysis/measure/prometheus/answer.ts';
import type { ErrorRateMetric } from '../../api/kinds/template/kinds/error-rate.ts';
import type { LatencyMetric } from '../../api/kinds/template/kinds/latency.ts';
import { CountCollector, HistogramCollector } from './collect.ts';
import type { Chunk } from './range.ts';

/** Four windows of 15 s. */
const TICKS = { startMs: 0, tickMs: 15_000, length: 4 };
const QUERIES = { bad: 'bad', total: 'total' };
const ERRORS = {
  type: 'errorRate',
  name: 'errors',
  queries: { canary: QUERIES, stable: QUERIES },
} as ErrorRateMetric;
const BUCKETS = { buckets: 'durations' };
const SLOW = {
  type: 'latency',
  name: 'slow',
  queries: { canary: BUCKETS, stable: BUCKETS },
} as LatencyMetric;

/** A sample every 15 s from 0 on. */
const series = (labels: Record<string, string>, ...values: number[]): Series => ({
  labels,
  samples: values.map((value, i) => ({ timeMs: i * 15_000, value })),
});

const chunk = (answers: Series[][], raw = true): Chunk => ({
  window: { startMs: 0, endMs: 60_000 },
  answers,
  raw: answers.map(() => raw),
});

describe('counters', () => {
  const collect = (answers: Series[][], raw = true) => {
    const collector = new CountCollector('errors', ERRORS.queries, TICKS);
    collector.add(chunk(answers, raw));
    return collector;
  };

  it('become what each window added, good and bad', () => {
    const bad = [series({ pod: 'a', code: '500' }, 1, 1, 3, 3, 4)];
    const total = [...bad, series({ pod: 'a', code: '200' }, 100, 200, 300, 300, 310)];
    expect(collect([bad, total]).cells()).toEqual(new Map([['a', [[100, 0], [100, 2], [], [10, 1]]]]));
  });

  it('are kept pod by pod, and under "" where no series says which', () => {
    const total = [
      series({ pod: 'a' }, 0, 5, 5, 5, 5),
      series({}, 0, 0, 7, 7, 7),
      series({ pod: 'idle' }, 1, 1, 1, 1, 1),
    ];
    expect(collect([[], total]).cells()).toEqual(
      new Map([
        ['a', [[5, 0], [], [], []]],
        ['', [[], [7, 0], [], []]],
      ]),
    );
  });

  it('that restart go on from 0, sums that fall count nothing', () => {
    const total = [series({ pod: 'a' }, 50, 60, 4, 10, 10)];
    expect(collect([[], total]).cells().get('a')).toEqual([[10, 0], [4, 0], [6, 0], []]);
    expect(collect([[], total], false).cells().get('a')).toEqual([[10, 0], [], [6, 0], []]);
  });

  it('tell whether there was any request', () => {
    expect(collect([[], []]).found).toBe(false);
    expect(collect([[], [series({}, 3, 3, 3, 3, 3)]]).found).toBe(false);
    expect(collect([[], [series({}, 3, 4, 4, 4, 4)]]).found).toBe(true);
  });

  it('never make more bad than all', () => {
    expect(
      collect([[series({}, 0, 9)], [series({}, 0, 4)]])
        .cells()
        .get('')?.[0],
    ).toEqual([0, 4]);
  });
});

describe('histograms', () => {
  const collect = (...answers: Series[][]) => {
    const collector = new HistogramCollector('slow', SLOW.queries, TICKS);
    for (const answer of answers) collector.add(chunk([answer]));
    return collector;
  };
  const native = (...counts: number[]): Series => ({
    labels: { pod: 'a' },
    samples: [],
    histograms: counts.map((count, i) => ({
      timeMs: i * 15_000,
      buckets: [
        { left: 1, right: 2, count },
        { left: 2, right: 4, count: 2 * count },
      ],
    })),
  });

  it('classic ones become counts by bucket', () => {
    const collector = collect([
      series({ pod: 'a', le: '1' }, 10, 14, 14, 14, 14),
      series({ pod: 'a', le: '+Inf' }, 20, 30, 31, 31, 31),
    ]);
    expect(collector.kind()).toEqual({ kind: 'histograms', bounds: [1], layout: 'classic' });
    expect(collector.cells()).toEqual(new Map([['a', [[4, 6], [0, 1], [], []]]]));
  });

  it('native ones too', () => {
    const collector = collect([native(1, 3, 3, 4, 4)]);
    expect(collector.kind()).toEqual({ kind: 'histograms', bounds: [1, 2, 4], layout: 'native' });
    expect(collector.cells().get('a')).toEqual([[0, 2, 4, 0], [], [0, 1, 2, 0], []]);
  });

  it('of two kinds in one range are refused, and so are series without le', () => {
    const classic = [series({ le: '1' }, 0, 1), series({ le: '+Inf' }, 0, 1)];
    expect(() => collect(classic, [native(1, 2)])).toThrow(
      /classic and became native in the range; give a range/,
    );
    expect(() => collect([series({}, 0, 1)])).toThrow(
      /slow: the query returns series without a numeric label le/,
    );
  });
});

it('a metric without queries is refused', () => {
  expect(() => new CountCollector('errors', undefined, TICKS)).toThrow(
    'errors: has no queries; give --provider',
  );
});
