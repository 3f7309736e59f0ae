import { describe, expect, test } from 'vitest';
import type { Tick } from '../../stats/bet.ts';
import type { Calibration } from './calibration.ts';
import { isComparison } from './comparison-stored.ts';
import type { ComparedWindow, Comparison } from './comparison.ts';
import { addCounts, calibrated, evidenceOf, inherit, learnt, nextStep, NO_COMPARISON } from './comparison.ts';
import { times } from '../../../test/support/judge-objects.ts';

const margins = {
  seconds: 15,
  harmMargin: { relative: 0.1, absolute: 1e-4 },
  safeMargin: { relative: 0.5, absolute: 1e-3 },
};
const tick = (x1: number): Tick => ({ n1: 150, x1, n0: 2850, x0: 28 });
const after = (windows: number, change: Partial<ComparedWindow> = {}, from = NO_COMPARISON): Comparison =>
  times(windows, () => 0).reduce(
    (data) => addCounts(data, { ...margins, harm: tick(1), safe: tick(1), ...change }),
    from,
  );

describe('the next step', () => {
  const done = after(12, { scaledMargin: { relative: 1, absolute: 0.002 } });

  test('begins evidence of safety anew and keeps that of harm', () => {
    const next = nextStep(done, { keepSafe: false });
    expect(next.harm).toEqual(done.harm);
    expect(evidenceOf(next)).toMatchObject({ logHarm: evidenceOf(done).logHarm, logSafe: 0 });
    expect(next).toMatchObject({ safeWindows: 0, windows: 12, stepSeconds: 0, total: done.total });
  });

  test('keeps evidence of safety at the strict margin if it is to, never that of a weight', () => {
    const next = nextStep(done, { keepSafe: true });
    expect(evidenceOf(done).logSafe).toBeGreaterThan(1);
    expect(evidenceOf(next).logSafe).toBe(evidenceOf(done).logSafe);
    expect(next).toMatchObject({ safeWindows: 12, stepSeconds: 0, scaled: [], step: { n1: 0 } });
    expect(after(12, {}, next).safe).toEqual(after(24).safe);
  });
});

test('each test counts its own bad canary requests', () => {
  const split = after(20, { harm: tick(4), safe: tick(0) });
  expect(evidenceOf(split).logHarm).toBe(evidenceOf(after(20, { harm: tick(4), safe: tick(4) })).logHarm);
  expect(evidenceOf(split).logSafe).toBe(evidenceOf(after(20, { harm: tick(0), safe: tick(0) })).logSafe);
  expect(split).toMatchObject({ total: { x1: 80 }, step: { x1: 0 } });
});

describe('what a former release learnt', () => {
  const former: Calibration = {
    kind: 'placebo',
    poisson: false,
    strong: true,
    many: true,
    rungs: [{ ticks: 1, phi: 4, safePhi: 4 }],
    late: { phi: 4, bar: 3 },
  };
  const history = { stable: times(100, () => ({ total: 2850, bad: 28 })) };
  const basis = { seconds: 15, rho: 1, seed: 's' };

  test('holds until a history of its own arrives', () => {
    const begun = inherit(NO_COMPARISON, former);
    expect(evidenceOf(after(1, {}, begun)).phi).toBe(4);
    expect(calibrated(begun, history, basis).calibration).toEqual({
      kind: 'residuals',
      priors: [1, 2, 4, 8].map((ticks) => ({ ticks, phi: 1 })),
    });
  });

  test('comes too late once a window is counted', () => {
    expect(inherit(after(1), former).calibration).toEqual(NO_COMPARISON.calibration);
  });

  test('is the calibration from pods, or how much the arms varied', () => {
    expect(learnt(after(3, {}, inherit(NO_COMPARISON, former)))).toEqual(former);
    const wild = times(40, (i) => i).reduce(
      (data, i) => after(1, { harm: tick(i % 8 === 0 ? 20 : 0) }, data),
      NO_COMPARISON,
    );
    expect(learnt(wild)).toMatchObject({
      kind: 'residuals',
      priors: [{ ticks: 1, phi: expect.closeTo(10, -1) as number }],
    });
    expect(learnt(after(40))).toEqual(NO_COMPARISON.calibration);
  });
});

test('what is stored is known again, and what is not whole is not taken', () => {
  const stored = JSON.parse(JSON.stringify(after(3))) as Comparison;
  expect(isComparison(stored)).toBe(true);
  for (const wrong of [
    { harm: [[0]] },
    { rho: null },
    { safeWindows: -1 },
    { safe: 3 },
    { late: [1] },
    { carried: [1, 2] },
    { carried: undefined },
    { calibration: {} },
  ]) {
    expect(isComparison({ ...stored, ...wrong })).toBe(false);
  }
});
