import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../../lib/random.ts';
import { poisson } from '../../../test/support/sampling.ts';
import { times } from '../../../test/support/judge-objects.ts';
import type { Tick } from '../../stats/bet.ts';
import type { Both, Carried } from './carried.ts';
import { carriedAfter, joined } from './carried.ts';
import { isComparison } from './comparison-stored.ts';
import type { Comparison } from './comparison.ts';
import { addCounts, evidenceOf, NO_COMPARISON, plus } from './comparison.ts';

const margins = {
  harmMargin: { relative: 0.1, absolute: 1e-4 },
  safeMargin: { relative: 0.5, absolute: 1e-3 },
};
const add = (data: Comparison, harm: Tick, seconds = 60, safe = harm): Comparison =>
  addCounts(data, { ...margins, harm, safe, seconds });
const tick = (n1: number, x1: number, n0: number, x0: number): Tick => ({ n1, x1, n0, x0 });
const NOTHING = tick(0, 0, 0, 0);

describe('a window in which one arm had no request', () => {
  test('is counted with the next in which it has one', () => {
    const waiting = add(add(NO_COMPARISON, tick(0, 0, 20, 1)), tick(0, 0, 30, 0));
    expect(waiting).toMatchObject({ windows: 0, harm: [], carried: [120, 0, 50, 0, 1, 0, 1] });
    const counted = add(waiting, tick(2, 1, 0, 0));
    const once = add(NO_COMPARISON, tick(2, 1, 50, 1), 180);
    expect(counted).toMatchObject({ windows: 1, carried: [], harm: once.harm, safe: once.safe });
    expect(evidenceOf(counted)).toEqual(evidenceOf(once));
  });

  test('is not counted again afterwards', () => {
    const counted = add(add(NO_COMPARISON, tick(0, 0, 20, 1)), tick(2, 1, 5, 0));
    const next = add(counted, tick(3, 0, 40, 1));
    const want = add(add(NO_COMPARISON, tick(2, 1, 25, 1), 120), tick(3, 0, 40, 1));
    expect([next.harm, next.safe, next.total]).toEqual([want.harm, want.safe, want.total]);
  });

  test('says nothing any more after 15 minutes', () => {
    const idle = (windows: number): Comparison =>
      times(windows, () => tick(0, 0, 20, 1)).reduce((data, each) => add(data, each), NO_COMPARISON);
    const counts = tick(2, 1, 20, 1);
    expect(add(idle(14), counts).harm).toEqual(add(NO_COMPARISON, tick(2, 1, 300, 15), 900).harm);
    expect(add(idle(15), counts).harm).toEqual(add(NO_COMPARISON, counts).harm);
  });

  test('keeps what each of the tests counts', () => {
    const waiting = add(NO_COMPARISON, tick(4, 3, 0, 0), 60, tick(4, 1, 0, 0));
    const counted = add(waiting, tick(0, 0, 100, 1));
    const once = add(NO_COMPARISON, tick(4, 3, 100, 1), 120, tick(4, 1, 100, 1));
    expect([counted.harm, counted.safe]).toEqual([once.harm, once.safe]);
  });

  test('does not wait if neither arm had any', () => {
    expect(carriedAfter({ harm: NOTHING, safe: NOTHING, seconds: 60 })).toEqual([]);
  });
});

const arm = fc.nat(40).chain((n) => fc.nat(n).map((x) => [n, x] as const));
const idleOr = fc.oneof(fc.constant([0, 0] as const), arm);
const window = fc.record({
  harm: fc.tuple(idleOr, idleOr).map(([[n1, x1], [n0, x0]]) => tick(n1, x1, n0, x0)),
  seconds: fc.constantFrom(15, 60),
});

test('each request is counted once, or waits', () => {
  fc.assert(
    fc.property(fc.array(window, { maxLength: 12 }), (windows) => {
      let carried: Carried = [];
      let counted = NOTHING;
      let all = NOTHING;
      for (const { harm, seconds } of windows) {
        const both: Both = joined(carried, { harm, safe: harm, seconds });
        carried = carriedAfter(both);
        if (both.harm.n1 > 0 && both.harm.n0 > 0) counted = plus(counted, both.harm);
        all = plus(all, harm);
      }
      const [, n1 = 0, n0 = 0, x1 = 0, x0 = 0] = carried;
      expect(plus(counted, tick(n1, x1, n0, x0))).toEqual(all);
    }),
  );
});

test('parts of a window with one idle arm each give the evidence of the whole window', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(arm, arm), { minLength: 1, maxLength: 8 }), (windows) => {
      let whole = NO_COMPARISON;
      let parts = NO_COMPARISON;
      for (const [[n1, x1], [n0, x0]] of windows.filter(([[n1], [n0]]) => n1 > 0 && n0 > 0)) {
        whole = add(whole, tick(n1, x1, n0, x0), 60);
        parts = add(add(parts, tick(0, 0, n0, x0), 30), tick(n1, x1, 0, 0), 30);
        expect(isComparison(JSON.parse(JSON.stringify(parts)))).toBe(true);
      }
      expect(evidenceOf(parts)).toEqual(evidenceOf(whole));
      expect([parts.windows, parts.total]).toEqual([whole.windows, whole.total]);
    }),
  );
});

test('a service with a request every ten seconds is judged at all', () => {
  const random = seeded(1);
  const data = times(60, () => {
    const [n1, n0] = [poisson(0.5, random), poisson(9.5, random)];
    return tick(n1, poisson(n1 * 0.6, random), n0, 0);
  }).reduce((before, each) => add(before, { ...each, x1: Math.min(each.x1, each.n1) }), NO_COMPARISON);
  expect(evidenceOf(data).logHarm).toBeGreaterThan(Math.log(20));
});
