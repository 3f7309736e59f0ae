import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Counts, History, Measurement } from '../../../api/analysis.ts';
import type { AnalysisState } from '../../../api/kinds/release/verdict.ts';
import { seeded } from '../../../lib/random.ts';
import { errorRate, judgeAll, rates, results, times } from '../../../test/support/judge-objects.ts';
import { drawPods, historyOf } from '../../../test/support/pods.ts';
import { pardoned, startStep } from '../core/judge.ts';

const random = seeded(7);
const short = historyOf(times(60, () => drawPods('s', [0.01, 0.01], 1425, random)));
const bursty = historyOf(
  times(200, (t) => drawPods('s', [t % 40 < 3 ? 0.5 : 0.01, t % 40 > 36 ? 0.5 : 0.01], 1425, random)),
);
/** No pods, and a total that varies far more than any level. */
const wild: History = { stable: times(240, (t) => ({ total: 2850, bad: t % 40 < 5 ? 600 : 20 })) };

const HISTORIES: [string, History][] = [
  ['two stable pods with a short history', short],
  ['two stable pods with bursts', bursty],
  ['a total that varies wildly', wild],
];

/** The first window brings the history. */
function counted(canary: Counts, stable: Counts, history?: History): Measurement {
  const half = { total: stable.total / 2, bad: stable.bad / 2 };
  const pods =
    history?.pods === undefined ? {} : { pods: { canary: { c: canary }, stable: { a: half, b: half } } };
  const base = rates('0/1 0/1', 0);
  return { ...base, canary, stable, ...pods, ...(history && { history }) } as Measurement;
}

const course = (history: History, list: readonly [canary: Counts, stable: Counts][], from?: AnalysisState) =>
  judgeAll(
    [errorRate()],
    list.map(([canary, stable], i) => [
      counted(canary, stable, i === 0 && from === undefined ? history : undefined),
    ]),
    from,
  );
/** 1% errors of stable, and `bad` of 150 canary requests. */
const windows = (count: number, bad: number) =>
  times(
    count,
    () =>
      [
        { total: 150, bad },
        { total: 2850, bad: 28 },
      ] as [Counts, Counts],
  );

describe.each(HISTORIES)('%s', (_, history) => {
  test('nothing passes, whatever is counted', () => {
    const arm = fc
      .oneof(fc.nat(20), fc.nat(1_000_000))
      .chain((total) => fc.nat(total).map((bad) => ({ total, bad })));
    fc.assert(
      fc.property(fc.array(fc.tuple(arm, arm), { minLength: 1, maxLength: 12 }), (list) => {
        for (const verdict of course(history, list).verdicts) {
          expect(verdict.result).not.toBe('pass');
          expect(verdict.tolerable).not.toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('harm that would stop a release elsewhere is suspected, and much more of it is detected', () => {
    const { verdicts } = course(history, windows(200, 6));
    const suspected = verdicts.findIndex(({ reason }) => reason === 'HarmSuspected');
    expect(suspected).toBeGreaterThanOrEqual(0);
    expect(verdicts[suspected]).toMatchObject({ result: 'inconclusive' });
    expect(verdicts[suspected]?.tolerable).not.toBe(true);
    expect(verdicts[suspected]?.sentence).toContain('"sluice abort" takes the release back');
    expect(results(course(history, windows(8, 120)).verdicts)).toContain('f');
  });
});

test('a canary as good as stable is not known to be safe, and a human is asked', () => {
  const { verdicts } = course(short, windows(150, 1));
  expect(verdicts.at(-1)).toMatchObject({ result: 'inconclusive', reason: 'Uncalibrated' });
  expect(verdicts.at(-1)?.sentence).toContain('so a human decides');
  expect(verdicts.at(-1)?.numbers).toMatchObject({ uncalibrated: 1 });
});

test('two calm pods with hours of history pass as others do', () => {
  const calm = historyOf(times(180, () => drawPods('s', [0.01, 0.01], 1425, random)));
  expect(results(judgeMinutes(calm))).toContain('p');
});

/** The history has to be one of windows of a minute. */
function judgeMinutes(history: History) {
  const list = windows(150, 1);
  return course({ ...history, ...stretched(history) }, list).verdicts;
}

/** Four windows of 15 s for each of a minute. */
function stretched({ stable, pods = {} }: History): History {
  const quarter = ({ total, bad }: Counts): Counts => ({ total: total / 4, bad: bad / 4 });
  const each = (list: readonly Counts[]): Counts[] =>
    list.flatMap((counts) => times(4, () => quarter(counts)));
  return {
    stable: each(stable),
    pods: Object.fromEntries(Object.entries(pods).map(([pod, list]) => [pod, each(list)])),
  };
}

describe('what a human answers', () => {
  const { state, verdicts } = course(short, windows(12, 8));

  test('resume: evidence of harm begins at zero, and new harm is suspected again', () => {
    expect(verdicts.map(({ reason }) => reason)).toContain('HarmSuspected');
    const again = startStep(pardoned(state), 1);
    const calm = course(short, windows(1, 1), again).verdicts[0]!;
    expect(calm.reason).not.toBe('HarmSuspected');
    expect(calm.numbers['evidence']!).toBeLessThan(1.5);
    const next = course(short, windows(40, 8), again).verdicts;
    expect(next.map(({ reason }) => reason)).toContain('HarmSuspected');
  });

  test('nothing: it stays suspected in the next step', () => {
    expect(course(short, windows(1, 8), startStep(state, 1)).verdicts[0]?.reason).toBe('HarmSuspected');
  });
});

test('a metric that is not critical only withholds the pass', () => {
  const list = windows(30, 6).map(([canary, stable], i) => [
    counted(canary, stable, i === 0 ? short : undefined),
  ]);
  const { verdicts } = judgeAll([errorRate({ critical: false })], list);
  const reasons = new Set(verdicts.map(({ reason }) => reason));
  expect(reasons).toContain('PassWithheld');
  expect(reasons).not.toContain('HarmSuspected');
  expect(results(verdicts)).toMatch(/^i+$/);
});

test('beside a metric that is not decided yet, that one speaks', () => {
  const others = { ...rates('0.15/10 2/200', 0), metric: 'others' };
  const both = windows(150, 1).map(([canary, stable], i) => [
    counted(canary, stable, i === 0 ? short : undefined),
    others,
  ]);
  const { verdicts } = judgeAll([errorRate(), errorRate({ name: 'others' })], both);
  expect(results(verdicts)).toMatch(/^i+$/);
  expect(verdicts.at(-1)).toMatchObject({ reason: 'MoreDataNeeded' });
  expect(verdicts.at(-1)?.sentence).toContain('others');
});
