import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Histogram, LatencyHistory } from '../../../api/analysis.ts';
import type { Evaluation } from '../core/evaluation.ts';
import type { Measured } from '../../../test/support/latency-objects.ts';
import {
  CLASSIC,
  FINE,
  histogram,
  judgeLatencies,
  latency,
  slow,
} from '../../../test/support/latency-objects.ts';
import { nextLatencyStep, readLatency, wantsLatencyHistory, writeLatency } from './state.ts';
import { times } from '../../../test/support/judge-objects.ts';

const pair = (canary: number, stable = 0.1, bounds = FINE, requests = 150): Measured =>
  slow(histogram(requests, canary, bounds), histogram(19 * requests, stable, bounds));
const last = (evaluations: readonly Evaluation[]): Evaluation => evaluations.at(-1)!;

describe('what is slow', () => {
  test('the first window without history only tells what is slow in the next', () => {
    const [first, second] = judgeLatencies(latency(), [pair(5), pair(0.1)]);
    expect(first?.verdict).toMatchObject({ result: 'inconclusive', reason: 'MoreDataNeeded' });
    expect(first?.verdict.sentence).toContain('tells what is slow in the next');
    expect(first?.harm).toBeLessThan(-2);
    expect(wantsLatencyHistory(readLatency(first?.state))).toBe(true);
    expect(second?.verdict.numbers['p50Limit']).toBeCloseTo(0.1, 2);
    expect(wantsLatencyHistory(readLatency(second?.state))).toBe(false);
  });

  test('no window chooses its own limit: it is what stable was before', () => {
    const [, second, third] = judgeLatencies(latency(), [pair(0.1), pair(0.4, 0.4), pair(0.1)]);
    expect(second?.verdict.numbers['p50Limit']).toBeCloseTo(0.1, 2);
    expect(third!.verdict.numbers['p50Limit']).toBeGreaterThan(0.15);
  });

  test('drift of both arms is nobody to blame for', () => {
    const drifting = times(40, (i) => pair(0.1 * (1 + i / 40), 0.1 * (1 + i / 40)));
    for (const { harm } of judgeLatencies(latency(), drifting)) expect(harm!).toBeLessThan(-2);
  });
});

describe('verdicts', () => {
  test('a slower canary fails, and the sentence says at which quantile and how much', () => {
    const { verdict, harm } = last(
      judgeLatencies(
        latency(),
        times(6, (i) => pair(i === 0 ? 0.1 : 0.15)),
      ),
    );
    expect(verdict).toMatchObject({ result: 'fail', reason: 'HarmDetected' });
    expect(harm).toBeGreaterThan(0);
    expect(verdict.sentence).toMatch(
      /^p50: canary 7\d\.\d% above 0\.11 \(\d+\/750\) against 50% of stable above 0\.1 \(71\d\d\/14250\): harm is certain enough to stop \(evidence .+ against a bar of 20\)$/,
    );
    expect(verdict.numbers).toMatchObject({ bar: 20, calibration: 0, canaryRequests: 750 });
    expect(verdict.numbers['p95Canary']! / verdict.numbers['p95Stable']!).toBeGreaterThan(1.3);
  });

  test('a slow tail alone is found as well', () => {
    const tail = (): Measured => {
      const canary = histogram(150, 0.1);
      return slow({ ...canary, counts: [...canary.counts.slice(0, -1), 6] }, histogram(2850, 0.1));
    };
    const { verdict } = last(judgeLatencies(latency(), [pair(0.1), ...times(8, tail)]));
    expect(verdict.result).toBe('fail');
    expect(verdict.sentence).toMatch(/^p99: /);
  });

  test('with native buckets an equal canary is proven safe once every quantile is', () => {
    const all = judgeLatencies(
      latency(),
      times(60, () => pair(0.1)),
    );
    const passed = all.findIndex(({ verdict }) => verdict.result === 'pass');
    expect(passed).toBeGreaterThan(4);
    expect(all[passed]?.verdict.reason).toBe('SafeProven');
    const bars = (i: number): number[] =>
      ['p50', 'p95', 'p99'].map((name) => all[i]!.verdict.numbers[`${name}SafeEvidence`]!);
    expect(Math.min(...bars(passed))).toBeGreaterThanOrEqual(10);
    expect(Math.min(...bars(passed - 1))).toBeLessThan(10);
    expect(Math.max(...bars(passed - 1))).toBeGreaterThan(10);
    expect(all[passed - 1]?.verdict.sentence).toMatch(
      /not decided yet .* at least \d+ more canary requests needed, [\dms]+ at the present rate$/,
    );
  });

  test('a canary within the margin, or faster, never fails', () => {
    for (const median of [0.05, 0.1, 0.109]) {
      for (const { harm } of judgeLatencies(latency(), [pair(0.1), ...times(60, () => pair(median))])) {
        expect(harm!).toBeLessThan(0);
      }
    }
  });

  test('data that is missing or impossible changes nothing and never passes', () => {
    const safe = last(
      judgeLatencies(
        latency(),
        times(60, () => pair(0.1)),
      ),
    );
    expect(safe.verdict.result).toBe('pass');
    const impossible = pair(0.1);
    impossible.canary.counts[3] = NaN;
    for (const wrong of [undefined, impossible]) {
      const [after] = judgeLatencies(latency(), [wrong], { previous: safe });
      expect(after).toMatchObject({ missing: true, verdict: { result: 'inconclusive' }, state: safe.state });
    }
    const [idle] = judgeLatencies(latency(), [slow(histogram(0, 0.1), histogram(2850, 0.1))], {
      previous: safe,
    });
    expect(idle).toMatchObject({ missing: true, verdict: { result: 'inconclusive', reason: 'NoData' } });
    expect(idle?.verdict.sentence).toContain('no requests reached the canary');
  });

  test('it is tolerable while the shares seen lie inside the safe margin', () => {
    const tolerable = (median: number): boolean | undefined =>
      last(judgeLatencies(latency(), [pair(0.1), pair(median)])).tolerable;
    expect([tolerable(0.1), tolerable(0.2)]).toEqual([true, false]);
  });
});

describe('fast hits and slow misses, with hardly a request between', () => {
  const mixed = (misses: number, requests: number): Histogram => {
    const [hits, slowOnes] = [histogram(requests * (1 - misses), 0.004), histogram(requests * misses, 0.4)];
    return { ...hits, counts: hits.counts.map((count, i) => count + slowOnes.counts[i]!) };
  };
  const passes = (misses: number): boolean =>
    judgeLatencies(
      latency({ quantiles: [0.95] }),
      times(160, () => slow(mixed(misses, 150), mixed(0.05, 2850))),
    ).some(({ verdict }) => verdict.result === 'pass');

  test('a healthy canary is proven safe, one with a third more misses is not', () => {
    expect([passes(0.05), passes(0.067)]).toEqual([true, false]);
  });
});

describe('classic buckets much wider than the margin', () => {
  const harmed = (median: number): Evaluation =>
    last(
      judgeLatencies(
        latency(),
        times(120, () => pair(median, 0.04, CLASSIC, 600)),
      ),
    );

  test('a canary on the harm margin never fails by interpolation, a slower one does', () => {
    expect(harmed(0.0439).verdict.result).not.toBe('fail');
    expect(harmed(0.06).verdict.result).toBe('fail');
  });

  test('the sentence names the bound at which the canary is counted, and what stable has above bound / margin', () => {
    expect(harmed(0.06).verdict.sentence).toMatch(
      /canary \S+ above 0\.05 \(.+\) against \S+ of stable above 0\.0455 \(/,
    );
  });
});

describe('buckets too coarse to prove it', () => {
  const coarse = times(200, () => pair(0.06, 0.06, CLASSIC, 1500));

  test('pass as no harm detected, and the sentence says why it is no proof', () => {
    const passed = judgeLatencies(latency(), coarse).find(({ verdict }) => verdict.result === 'pass');
    expect(passed?.verdict.reason).toBe('NoHarmDetected');
    expect(passed?.verdict.sentence).toMatch(/no bucket bound lies from \S+ to \S+ \(p\d+\)/);
  });

  test('do not pass where proof is required, and the sentence says what to do', () => {
    const all = judgeLatencies(latency({ requireProof: true }), coarse);
    expect(all.map(({ verdict }) => verdict.result)).not.toContain('pass');
    expect(last(all).verdict.sentence).toContain('add one there or use native histograms');
  });

  test('a bound in the range that matters is enough', () => {
    const bounds = [...CLASSIC, 0.07, 0.18, 0.3].sort((a, b) => a - b);
    const exact = times(200, () => pair(0.06, 0.06, bounds, 1500));
    const passed = judgeLatencies(latency({ requireProof: true }), exact).find(
      ({ verdict }) => verdict.result === 'pass',
    );
    expect(passed?.verdict.reason).toBe('SafeProven');
  });

  test('a quantile above the largest bucket is never proven, however many fewer canary requests lie there', () => {
    const beyond = [1, 4, 20];
    const clipped = (canary: number): Histogram => ({
      layout: 'classic',
      bounds: beyond,
      counts: [900, 60, 20, canary],
    });
    const windows = times(60, () => slow(clipped(5), clipped(200)));
    const p99 = { quantiles: [0.99] };
    const passed = judgeLatencies(latency(p99), windows).find(({ verdict }) => verdict.result === 'pass');
    expect(passed?.verdict.reason).toBe('NoHarmDetected');
    expect(passed?.verdict.sentence).toContain(
      "This is not proof: stable's p99 lies above the largest bucket bound of 20",
    );
    const strict = judgeLatencies(latency({ ...p99, requireProof: true }), windows);
    expect(strict.map(({ verdict }) => verdict.result)).not.toContain('pass');
    expect(last(strict).verdict.sentence).toContain('add larger buckets');
  });

  test('a native window without a canary request takes nothing from the proof', () => {
    const none: Histogram = { layout: 'native', bounds: [], counts: [0] };
    const windows = times(60, (i) => (i === 5 ? slow(none, histogram(2850, 0.1)) : pair(0.1)));
    const passed = judgeLatencies(latency(), windows).find(({ verdict }) => verdict.result === 'pass');
    expect(passed?.verdict.reason).toBe('SafeProven');
  });

  test('a quantile above the largest bucket is named', () => {
    const { verdict } = last(
      judgeLatencies(
        latency(),
        times(3, () => pair(20, 20, CLASSIC, 10)),
      ),
    );
    expect(verdict.sentence).toContain('lies above the largest bucket bound of 10: add larger buckets');
  });
});

describe('steps', () => {
  test('harm is kept, safety begins anew unless it is to be kept', () => {
    const done = last(
      judgeLatencies(
        latency(),
        times(60, () => pair(0.1)),
      ),
    );
    const next = (keepSafe: boolean): Evaluation => ({
      ...done,
      state: writeLatency(nextLatencyStep(readLatency(done.state), { keepSafe })),
    });
    const [fresh] = judgeLatencies(latency(), [pair(0.1)], { previous: next(false) });
    const [kept] = judgeLatencies(latency(), [pair(0.1)], { previous: next(true) });
    expect([fresh?.verdict.result, kept?.verdict.result]).toEqual(['inconclusive', 'pass']);
    expect(fresh?.harm).toBe(kept?.harm);
    expect(fresh?.verdict.numbers['canaryRequests']).toBe(60 * 150);
  });

  test('at a small next weight a step of a quiet service passes earlier, but not before five minutes', () => {
    const quiet = times(200, () => pair(0.1, 0.1, FINE, 15));
    const passes = (nextWeight?: number): number =>
      judgeLatencies(latency(), quiet, nextWeight === undefined ? {} : { nextWeight }).findIndex(
        ({ verdict }) => verdict.result === 'pass',
      );
    expect(passes(5)).toBeGreaterThanOrEqual(19);
    expect(passes(5)).toBeLessThan(passes());
    expect(passes(100)).toBe(passes());
  });
});

describe('history', () => {
  const noisy = (requests: number, median: number, seed: number): number[] =>
    histogram(requests, median * (1 + 0.02 * Math.sin(seed * 12.9898))).counts;
  const history = (pods: number, burst: (j: number, t: number) => number): LatencyHistory => {
    const lists = times(pods, (j) => times(160, (t) => noisy(150, 0.1 * burst(j, t), j * 160 + t)));
    const stable = times(160, (t) =>
      FINE.map((_, i) => lists.reduce((sum, pod) => sum + pod[t]![i]!, 0)).concat(0),
    );
    return {
      layout: 'native',
      bounds: FINE,
      stable,
      pods: Object.fromEntries(lists.map((l, j) => [`web-s${j}`, l])),
    };
  };
  const withPods = (canary: number, past?: LatencyHistory): Measured => ({
    ...pair(canary),
    pods: {
      canary: { 'web-canary-c': histogram(150, canary) },
      stable: Object.fromEntries(times(19, (j) => [`web-s${j}`, histogram(150, 0.1)])),
    },
    ...(past === undefined ? {} : { history: past }),
  });
  const calm = history(19, () => 1);
  const bursty = history(19, (j, t) => ((t + j * 37) % 60 < 6 ? 3 : 1));

  test('it says what is slow from the first window on', () => {
    const [first] = judgeLatencies(latency(), [withPods(0.3, calm)]);
    expect(first?.verdict).toMatchObject({ result: 'fail', numbers: { calibration: 2, p50Dispersion: 1 } });
    expect(first!.verdict.numbers['p95Limit']! / 0.267).toBeCloseTo(1, 1);
  });

  test('where single pods are slow in bursts, each quantile is weighed down by its own measure', () => {
    const windows = [withPods(0.1, bursty), ...times(8, () => withPods(0.1))];
    const { numbers } = last(judgeLatencies(latency(), windows)).verdict;
    const dispersions = ['p50', 'p95', 'p99'].map((q) => numbers[`${q}Dispersion`]!);
    expect(Math.min(...dispersions)).toBeGreaterThan(2);
    expect(new Set(dispersions).size).toBe(3);
  });

  test('the rank of the canary pod is followed at each quantile', () => {
    const all = judgeLatencies(latency(), [withPods(0.15, bursty), ...times(30, () => withPods(0.15))]);
    expect(last(all).verdict.numbers['p50RankEvidence']!).toBeGreaterThan(20);
    expect(last(all).verdict.result).toBe('fail');
  });

  test('the state survives a restart byte for byte and stays below 16 KB', () => {
    const windows = [withPods(0.1, bursty), ...times(13, (i) => withPods(0.1 + i / 900))];
    const whole = judgeLatencies(latency(), windows, { nextWeight: 20 });
    const half = judgeLatencies(latency(), windows.slice(0, 6), { nextWeight: 20 });
    const stored = JSON.parse(JSON.stringify(last(half))) as Evaluation;
    const rest = judgeLatencies(latency(), windows.slice(6), { previous: stored, nextWeight: 20 });
    expect(JSON.stringify(rest.at(-1)?.state)).toBe(JSON.stringify(last(whole).state));
    expect(JSON.stringify(last(whole).state).length).toBeLessThan(16_384);
  });
});

test('without pods the state stays below 4 KB, whatever the evidence', () => {
  const windows = times(120, (i) =>
    pair(0.1 * (1 + 0.4 * Math.sin(i)), 0.1 * (1 + 0.1 * Math.sin(7 * i)), FINE, 1500.123),
  );
  const sizes = judgeLatencies(latency(), windows, { nextWeight: 20 }).map(
    ({ state }) => JSON.stringify(state).length,
  );
  expect(Math.max(...sizes)).toBeLessThanOrEqual(4096);
});

const arm: fc.Arbitrary<Histogram> = fc
  .record({
    layout: fc.constantFrom('classic' as const, 'native' as const),
    bounds: fc.uniqueArray(fc.double({ min: 1e-4, max: 1e4, noNaN: true }), { maxLength: 12 }),
    counts: fc.array(fc.oneof(fc.constant(0), fc.nat(1000), fc.double({ min: 0, max: 1e12, noNaN: true })), {
      minLength: 13,
      maxLength: 13,
    }),
  })
  .map(({ layout, bounds, counts }) => ({
    layout,
    bounds: bounds.sort((a, b) => a - b),
    counts: counts.slice(0, bounds.length + 1),
  }));

test('whatever the histograms: no NaN, no Infinity, and a restart changes no byte', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(arm, arm), { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      (pairs, requireProof) => {
        const metric = latency({ requireProof });
        const windows = pairs.map(([canary, stable]) =>
          slow(canary, stable, { pods: { canary: { c: canary }, stable: { s: stable } } }),
        );
        let stored: Evaluation | undefined;
        for (const [i, evaluation] of judgeLatencies(metric, windows).entries()) {
          const { harm, verdict, state } = evaluation;
          for (const value of [harm, ...Object.values(verdict.numbers)])
            expect(value).toSatisfy(Number.isFinite);
          const text = JSON.stringify(state);
          expect(text).not.toContain('null');
          expect(verdict.sentence).not.toMatch(/NaN|undefined|Infinity/);
          const [again] = judgeLatencies(
            metric,
            [windows[i]],
            stored === undefined ? {} : { previous: stored },
          );
          expect(JSON.stringify(again?.state)).toBe(text);
          stored = JSON.parse(JSON.stringify(evaluation)) as Evaluation;
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('what is stored and not whole is not read', () => {
  const { state } = last(
    judgeLatencies(
      latency(),
      times(3, () => pair(0.1)),
    ),
  );
  const data = readLatency(state);
  expect(data.thresholds).toHaveLength(3);
  for (const wrong of [
    { seen: {} },
    { thresholds: [{}] },
    { thresholds: [{ ...data.thresholds[0], vague: 1 }] },
  ]) {
    expect(readLatency({ ...state, data: { ...state.data, ...wrong } }).thresholds).toEqual([]);
  }
  expect(readLatency({ ...state, type: 'errorRate' }).thresholds).toEqual([]);
  const [other] = judgeLatencies(latency({ quantiles: [0.9] }), [pair(0.1)], {
    previous: { ...last(judgeLatencies(latency(), [pair(0.1)])), state },
  });
  expect(Object.keys(other!.verdict.numbers).filter((name) => name.startsWith('p'))).toContain('p90Stable');
});
