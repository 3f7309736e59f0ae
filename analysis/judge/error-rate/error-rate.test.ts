import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../../api/analysis.ts';
import { startStep, wantsHistory } from '../core/judge.ts';
import type { Course } from '../../../test/support/judge-objects.ts';
import { errorRate, judgeAll, missing, rates, results, times } from '../../../test/support/judge-objects.ts';

describe('calibration from the history of stable', () => {
  const history = { stable: times(100, (i) => ({ total: 2850, bad: i % 5 === 0 ? 100 : 5 })) };
  const first = (counts: string): Measurement => ({ ...rates(counts, 0), history }) as Measurement;

  test('a stable that errs in bursts makes the same counts weaker evidence', () => {
    const plain = judgeAll([errorRate()], [[rates('5/150 28/2850', 0)]]).verdicts[0]!.numbers;
    const calibrated = judgeAll([errorRate()], [[first('5/150 28/2850')]]).verdicts[0]!.numbers;
    expect(plain['dispersion']).toBe(1);
    expect(calibrated['dispersion']).toBeGreaterThan(5);
    expect(calibrated['evidence']!).toBeLessThan(plain['evidence']!);
  });

  test('it is wanted until the first window with data, and then frozen', () => {
    expect(wantsHistory(undefined)).toBe(true);
    const empty = judgeAll([errorRate()], [[missing('timeout')]]).state;
    expect(wantsHistory(empty)).toBe(true);
    const { state } = judgeAll([errorRate()], [[rates('1/150 28/2850', 0)]]);
    expect(wantsHistory(state)).toBe(false);
    expect(wantsHistory(startStep(state, 1))).toBe(false);
    const later = judgeAll([errorRate()], [[first('1/150 28/2850')]], state).verdicts[0]!.numbers;
    expect(later['dispersion']).toBe(1);
  });
});

describe('single pods', () => {
  const podHistory = (bad: (i: number, j: number) => number): Measurement => {
    const pods = times(19, (j) => times(60, (i) => ({ total: 150, bad: bad(i, j) })));
    const stable = times(60, (i) => ({ total: 2850, bad: pods.reduce((sum, pod) => sum + pod[i]!.bad, 0) }));
    const counts = { total: 150, bad: 1.5 };
    return {
      ...rates('1.5/150 28.5/2850', 0),
      pods: { canary: { c: counts }, stable: Object.fromEntries(times(19, (j) => [`s${j}`, counts])) },
      history: { stable, pods: Object.fromEntries(pods.map((pod, j) => [`s${j}`, pod])) },
    } as Measurement;
  };
  const even = podHistory((i, j) => ((i * 7 + j * 3) % 5 < 2 ? 3 : 1));
  const bursty = podHistory((i, j) => ((i + j * 5) % 20 === 0 ? 30 : 0));
  const later = (i: number): Measurement => rates('4/150 28/2850', i);

  test('they calibrate better than the total does, and the verdict says so', () => {
    const calm = judgeAll([errorRate()], [[even]]).verdicts[0]!.numbers;
    expect(calm).toMatchObject({ calibration: 1, dispersion: 1 });
    const wild = judgeAll([errorRate()], [[bursty]]).verdicts[0]!.numbers;
    expect(wild['dispersion']!).toBeGreaterThan(3);
    expect(judgeAll([errorRate()], [[later(0)]]).verdicts[0]!.numbers['calibration']).toBe(0);
  });

  test('the same errors are weaker evidence where pods are bursty', () => {
    const evidence = (first: Measurement): number =>
      judgeAll([errorRate()], [[first], ...times(20, (i) => [later(i)])]).verdicts.at(-1)!.numbers[
        'evidence'
      ]!;
    expect(evidence(bursty)).toBeLessThan(evidence(even) / 10);
  });

  test('a canary pod with more traffic than a stable pod is taken for burstier', () => {
    const dispersion = (total: number): number => {
      const busy = {
        ...bursty,
        canary: { total, bad: 1 },
        pods: {
          canary: { c: { total, bad: 1 } },
          stable: (bursty as { pods: { stable: object } }).pods.stable,
        },
      };
      return judgeAll([errorRate()], [[busy as Measurement]]).verdicts[0]!.numbers['dispersion']!;
    };
    expect(dispersion(600) - 1).toBeCloseTo((dispersion(150) - 1) * 4, 3);
  });
});

describe('the rank of the canary pod among stable pods', () => {
  const history = {
    stable: times(240, () => ({ total: 2850, bad: 28 })),
    pods: podCounts((j, i) => 1 + ((i * 7 + j * 3) % 5) / 4),
  };

  function podCounts(
    bad: (j: number, i: number) => number,
  ): Record<string, { total: number; bad: number }[]> {
    return Object.fromEntries(
      times(19, (j) => [`web-s${j}`, times(240, (i) => ({ total: 150, bad: bad(j, i) }))]),
    );
  }

  /** One window in which the canary pod has `canary` bad requests, and stable pod j has `stable(j)`. */
  function pods(canary: number, stable: (j: number) => number): Measurement {
    const each = Object.fromEntries(times(19, (j) => [`web-s${j}`, { total: 150, bad: stable(j) }]));
    const sum = Object.values(each).reduce((total, { bad }) => total + bad, 0);
    return {
      ...rates(`${canary}/150 ${sum}/2850`, 0),
      pods: { canary: { 'web-canary-c': { total: 150, bad: canary } }, stable: each },
      history,
    } as Measurement;
  }

  test('a canary that is the worst pod minute by minute gathers evidence by rank as well', () => {
    const { verdicts } = judgeAll(
      [errorRate()],
      times(8, () => [pods(3, (j) => (j % 3 === 0 ? 2 : 1))]),
    );
    const evidence = verdicts.map(({ numbers }) => numbers['rankEvidence']!);
    expect(evidence.slice(0, 3)).toEqual([1, 1, 1]);
    expect(evidence[3]!).toBeGreaterThan(2);
    expect(evidence[7]!).toBeGreaterThan(evidence[3]! * 2);
  });

  test('counts alone stop no release while many stable pods are as bad', () => {
    const burst = pods(60, (j) => (j < 9 ? 75 : 0));
    const alone = { ...burst, pods: undefined } as unknown as Measurement;
    const { verdicts } = judgeAll([errorRate()], [[burst]]);
    expect(verdicts[0]!.numbers['evidence']!).toBeGreaterThan(20);
    expect(verdicts[0]?.result).toBe('inconclusive');
    expect(verdicts[0]?.sentence).toContain('single stable pods are as bad');
    expect(judgeAll([errorRate()], [[alone]]).verdicts[0]?.result).toBe('fail');
  });

  test('ten times the errors stop a release in the first window, before a minute is whole', () => {
    const { verdicts } = judgeAll([errorRate()], [[pods(20, (j) => (j % 3 === 0 ? 2 : 1))]]);
    expect(verdicts[0]).toMatchObject({ result: 'fail', reason: 'HarmDetected' });
  });

  test('where the pods can no longer be told apart, ranks stand in nobody way', () => {
    const first = judgeAll([errorRate()], [[pods(2, () => 2)]]);
    const { verdicts } = judgeAll([errorRate()], [[rates('30/150 38/2850', 0)]], first.state);
    expect(verdicts[0]?.result).toBe('fail');
  });

  test.each([19, 4, 3, 1])('and neither where only %d of the stable pods are left to rank among', (left) => {
    const broken = pods(60, (j) => (j % 3 === 0 ? 2 : 1));
    const { stable } = (broken as { pods: { stable: Record<string, object> } }).pods;
    const few = {
      ...broken,
      ...rates(`60/150 ${left}/${150 * left}`, 0),
      pods: {
        canary: { 'web-canary-c': { total: 150, bad: 60 } },
        stable: Object.fromEntries(
          Object.entries(stable).map(([pod, counts], j) => [pod, j < left ? counts : { total: 0, bad: 0 }]),
        ),
      },
    } as Measurement;
    const { verdicts } = judgeAll([errorRate()], [[few], [few]]);
    expect(verdicts.at(-1)).toMatchObject({ result: 'fail', reason: 'HarmDetected' });
  });

  test.each([1, 2, 4, 12])(
    'one of %d canary pods that fails everything stops the release in the first window',
    (many) => {
      const healthy = (j: number): number => (j % 3 === 0 ? 2 : 1);
      const window = pods(2, healthy);
      const canary = Object.fromEntries(
        times(many, (j) => [`web-canary-c${j}`, { total: 150, bad: j === 0 ? 150 : healthy(j) }]),
      );
      const bad = Object.values(canary).reduce((sum, each) => sum + each.bad, 0);
      const broken = {
        ...window,
        canary: { total: 150 * many, bad },
        pods: { ...(window as { pods: object }).pods, canary },
      } as Measurement;
      const { verdicts } = judgeAll([errorRate()], [[broken]]);
      expect(verdicts[0]?.result).toBe('fail');
    },
  );

  test('the state survives a restart byte for byte and stays below 16 KB', () => {
    const windows = times(14, (i) => [pods(1 + (i % 3), (j) => (i + j) % 4)]);
    const whole = judgeAll([errorRate()], windows);
    const half = judgeAll([errorRate()], windows.slice(0, 6));
    const rest = judgeAll(
      [errorRate()],
      windows.slice(6),
      JSON.parse(JSON.stringify(half.state)) as typeof half.state,
    );
    expect(JSON.stringify(rest.state)).toBe(JSON.stringify(whole.state));
    expect(JSON.stringify(whole.state.metrics).length).toBeLessThan(16_384);
  });
});

describe('the margin that a small next weight allows', () => {
  const course = (nextWeight: number | undefined, windows: number): Course =>
    judgeAll(
      [errorRate()],
      times(windows, (i) => [rates('0.3/30 5.7/570', i)]),
      undefined,
      nextWeight,
    );

  test('a step of a quiet service passes after five minutes, where the strict margin would take much longer', () => {
    const eased = course(20, 60);
    expect(results(eased.verdicts).indexOf('p')).toBeGreaterThanOrEqual(19);
    expect(results(eased.verdicts)).toContain('p');
    expect(eased.verdicts.at(-1)?.sentence).toContain('safe enough for the next weight of 20%');
    expect(results(course(undefined, 60).verdicts)).not.toContain('p');
  });

  test('the last step before promotion keeps the strict margin', () => {
    expect(course(100, 60).verdicts).toEqual(course(undefined, 60).verdicts);
  });

  test('what is strictly safe passes before five minutes', () => {
    const busy = times(20, (i) => [rates('15/1500 285/28500', i)]);
    expect(results(judgeAll([errorRate()], busy, undefined, 20).verdicts).indexOf('p')).toBeLessThan(19);
  });
});
