import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../api/kinds/policy/policy.ts';
import { step } from '../../api/kinds/policy/step.ts';
import { boundTo, errorRate, threshold } from '../../test/support/judge-objects.ts';
import { plannedSteps, type Plan } from './ladder.ts';
import type { Plant } from './plant.ts';
import { binomial } from './random.ts';
import { seeded, type Random } from '../../lib/random.ts';
import type { Cell, Recording } from './recording.ts';
import { podsServing, sumOf } from './recording.ts';
import { play, type Outcome, type Trial } from './trial.ts';

const TICK = 15_000;
const LENGTH = 240 * 5;
const NONE: Plant = { kind: 'none' };
const historyMs = () => 2 * 60 * 60_000;

const PLAN: Plan = { templates: [boundTo([errorRate()])], steps: plannedSteps(defaultPolicy()) };

/** Hours of `pods` pods with 150 requests a window each. */
function recording(pods: number, cell: (random: Random, i: number) => Cell): Recording {
  const random = seeded(11);
  const lists = Array.from({ length: pods }, (_, pod) => {
    const cells = Array.from({ length: LENGTH }, (_each, i) => cell(random, i));
    return [`web-${pod}`, cells] as const;
  });
  const whole = Array.from({ length: LENGTH }, (_, i) => sumOf(lists.map(([, cells]) => cells[i] ?? [])));
  return {
    startMs: 0,
    tickMs: TICK,
    length: LENGTH,
    thresholds: [],
    metrics: [{ kind: 'counts', key: 'errors', whole, pods: new Map(lists) }],
  };
}

const steady = (random: Random): Cell => {
  const bad = binomial(150, 0.01, random);
  return [150 - bad, bad];
};

const CALM = recording(10, steady);

function withoutPods(full: Recording): Recording {
  const metrics = full.metrics.map((metric) => ({
    kind: 'counts' as const,
    key: metric.key,
    whole: metric.whole,
  }));
  return { ...full, metrics };
}

function trials(count: number, change: Partial<Trial> = {}): Outcome[] {
  return Array.from({ length: count }, (_, i) =>
    play({
      recording: CALM,
      plan: PLAN,
      start: 480 + 20 * i,
      horizon: 240,
      plant: NONE,
      seed: i,
      historyMs,
      ...change,
    }),
  );
}

const ends = (outcomes: readonly Outcome[]) => outcomes.map(({ end }) => end);

describe('a trial', () => {
  it.each([{ full: CALM }, { full: withoutPods(CALM) }])('of a healthy version is promoted', ({ full }) => {
    expect(ends(trials(10, { recording: full })).filter((end) => end === 'promoted').length).toBeGreaterThan(
      8,
    );
  });

  it.each([{ full: CALM }, { full: withoutPods(CALM) }])(
    'of one with errors ×10 is stopped within a minute',
    ({ full }) => {
      const outcomes = trials(10, { recording: full, plant: { kind: 'errorFactor', factor: 10 } });
      expect(new Set(ends(outcomes))).toEqual(new Set(['rolledBack']));
      expect(outcomes.filter(({ minutes }) => minutes > 1)).toEqual([]);
    },
  );

  it('is the same for the same seed, and another for another', () => {
    const [first, again] = [trials(3), trials(3)];
    expect(again).toEqual(first);
    expect(trials(3, { seed: 99 })).not.toEqual(first);
  });

  it.each([{ full: CALM }, { full: withoutPods(CALM) }])(
    'gives the canary its weight of the requests',
    ({ full }) => {
      const horizon = 8;
      for (const { numbers } of trials(5, { recording: full, horizon })) {
        const { canaryRequests = 0, stableRequests = 0 } = numbers;
        expect(canaryRequests / (canaryRequests + stableRequests)).toBeCloseTo(0.05, 2);
      }
    },
  );

  it.each([5, 20, 50, 90, 99])('reaches a weight of %i% with two pods', (weight) => {
    const hour = step({ weight, minDurationMs: 3_600_000, maxDurationMs: 3_600_000 });
    const plan = { ...PLAN, steps: plannedSteps({ ...defaultPolicy(), steps: [hour] }) };
    const two = recording(2, steady);
    for (const { numbers } of trials(3, { recording: two, plan, horizon: 100 })) {
      const { canaryRequests = 0, stableRequests = 0 } = numbers;
      expect(canaryRequests / (canaryRequests + stableRequests)).toBeCloseTo(weight / 100, 2);
    }
  });

  it('of anything that was recorded ends in some way, with finite numbers', () => {
    const cell = fc.oneof(
      fc.constant([]),
      fc.array(fc.oneof(fc.nat(500), fc.double({ min: 0, max: 1e7, noNaN: true })), {
        minLength: 2,
        maxLength: 2,
      }),
    );
    const pod = fc.array(cell, { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(pod, { minLength: 1, maxLength: 4 }),
        fc.integer(),
        fc.boolean(),
        (lists, seed, byPod) => {
          const whole = Array.from({ length: 40 }, (_, i) => sumOf(lists.map((list) => list[i] ?? [])));
          const pods = new Map(lists.map((list, i) => [`web-${i}`, list] as const));
          const metrics = [{ kind: 'counts' as const, key: 'errors', whole, ...(byPod ? { pods } : {}) }];
          const any: Recording = { startMs: 0, tickMs: TICK, length: 40, metrics, thresholds: [] };
          for (const plant of [
            NONE,
            { kind: 'errorFactor', factor: 3 },
            { kind: 'errorShare', share: 0.5 },
          ] as const) {
            const outcome = play({
              recording: any,
              plan: PLAN,
              start: 20,
              horizon: 20,
              plant,
              seed,
              historyMs,
            });
            expect(['promoted', 'rolledBack', 'undecided']).toContain(outcome.end);
            expect(Object.values(outcome.numbers).every(Number.isFinite)).toBe(true);
          }
        },
      ),
    );
  });

  it('learns from the pods before it', () => {
    expect(trials(1)[0]?.numbers['calibration']).toBe(2);
    expect(trials(1, { recording: withoutPods(CALM) })[0]?.numbers['calibration']).toBe(0);
  });

  it('survives bursts that pods have of their own, because it saw them before', () => {
    const bursty = recording(10, (random) => {
      const bad = binomial(150, random() < 0.05 ? 0.15 : 0.0025, random);
      return [150 - bad, bad];
    });
    expect(ends(trials(15, { recording: bursty })).filter((end) => end === 'rolledBack').length).toBeLessThan(
      4,
    );
  });

  it('never passes where nothing was recorded', () => {
    const gap = recording(10, (random, i) => (i < 480 ? steady(random) : []));
    expect(new Set(ends(trials(3, { recording: gap })))).toEqual(new Set(['undecided']));
  });

  it('waits for a human where a metric has nothing to say', () => {
    const plan = {
      ...PLAN,
      templates: [boundTo([errorRate(), threshold()])],
      steps: plannedSteps({ ...defaultPolicy(), onInconclusive: 'wait' }),
    };
    const [outcome] = trials(1, { plan });
    expect(outcome).toMatchObject({ end: 'undecided', minutes: 30 });
  });
});

describe('pods', () => {
  it('that came later or went earlier do not play', () => {
    const whole: Cell[] = [];
    const all = Array.from({ length: 100 }, (): Cell => [1, 0]);
    const pods = new Map([
      ['a', all],
      ['b', all.map((cell, i) => (i < 50 ? [] : cell))],
      ['c', all.map((cell, i) => (i % 20 === 0 ? [] : cell))],
    ]);
    const some: Recording = {
      startMs: 0,
      tickMs: TICK,
      length: 100,
      thresholds: [],
      metrics: [{ kind: 'counts', key: 'e', whole, pods }],
    };
    expect(podsServing(some, 0, 100)).toEqual(['a', 'c']);
    expect(podsServing(some, 50, 100)).toEqual(['a', 'b', 'c']);
  });
});
