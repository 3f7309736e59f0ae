import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTemplate } from '../../api/kinds/template/template.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { judgeWindow, startStep } from '../../analysis/judge/core/judge.ts';
import { poisson } from '../../test/support/sampling.ts';
import { seeded } from '../../lib/random.ts';
import { analyse, InputError, type Decision, type Look } from './analysis.ts';
import { courseOf, planFor, type PlanFlags } from './plan.ts';

const ERRORS = { name: 'errors', errorRate: { preset: 'auto' } };
const QUEUE = { name: 'queue', threshold: { query: 'queue', failure: 'value > 100' } };

function template(...metrics: object[]): BoundTemplate {
  const parsed = parseTemplate({ metrics });
  if (!parsed.ok) throw new Error('not a template');
  return { use: { template: 'test', args: {} }, template: parsed.value };
}

async function* pieces(text: string): AsyncGenerator<string> {
  for (let i = 0; i < text.length; i += 1000) yield Promise.resolve(text.slice(i, i + 1000));
}

interface Result {
  looks: Look[];
  notes: string[];
  decision: Decision;
}

async function run(
  lines: readonly unknown[],
  flags: PlanFlags = {},
  bound = template(ERRORS),
): Promise<Result> {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const looks: Look[] = [];
  const notes: string[] = [];
  const decision = await analyse(pieces(text), planFor(courseOf(flags), bound), {
    look: (look) => looks.push(look),
    note: (note) => notes.push(note),
  });
  return { looks, notes, decision };
}

/** Windows of 15 s with 150 and 2850 requests. */
function windows(count: number, canaryRate: number, seed = 1): object[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, i) => ({
    t: (i + 1) * 15,
    metric: 'errors',
    canary: { total: 150, bad: Math.min(150, poisson(150 * canaryRate, random)) },
    stable: { total: 2850, bad: poisson(28.5, random) },
  }));
}

describe('a release that is analysed', () => {
  it('rolls back on a doubled error rate, and stops reading there', async () => {
    const { looks, decision } = await run([...windows(60, 0.02), 'this line is never read']);
    expect(decision).toMatchObject({ decision: 'rollback', reason: 'HarmDetected', index: 0 });
    expect(looks.at(-1)?.verdict.result).toBe('fail');
    expect(looks.length).toBeLessThan(40);
    expect(decision.numbers).toMatchObject({ bar: 20 });
  });

  it('climbs the steps and promotes when healthy, each step lasting its minimum', async () => {
    const { looks, decision } = await run(windows(200, 0.01), { steps: '5,25,50', minDuration: '3m' });
    expect(decision).toMatchObject({ decision: 'promote', reason: 'AllStepsPassed', index: 2 });
    for (const index of [0, 1, 2]) {
      expect(looks.filter((look) => look.index === index).length).toBeGreaterThanOrEqual(12);
    }
  });

  it('is judged exactly as the controller judges it', async () => {
    const { looks } = await run(windows(20, 0.013));
    let state = startStep(undefined, 0);
    for (const [i, line] of (windows(20, 0.013) as { canary: never; stable: never }[]).entries()) {
      const window = { startMs: i * 15_000, endMs: (i + 1) * 15_000 };
      const { canary, stable } = line;
      const measurement = {
        metric: 'errors',
        window,
        outcome: 'ok',
        kind: 'counts',
        canary,
        stable,
      } as const;
      const judged = judgeWindow(state, {
        templates: [template(ERRORS)],
        measurements: [measurement],
        window,
        nextWeight: 100,
      });
      state = judged.state;
      expect(looks[i]?.ladder.state).toEqual(state);
    }
  });

  it('is inconclusive when the samples end too soon, with what is missing', async () => {
    const { decision } = await run(windows(3, 0.005));
    expect(decision).toMatchObject({ decision: 'inconclusive', reason: 'MoreDataNeeded' });
    expect(decision.sentence).toContain('more canary requests needed');
  });

  it.each([{ lines: [] }, { lines: ['', '  '] }, { lines: [{ metric: 'errors', history: { stable: [] } }] }])(
    'is inconclusive without a window: $lines',
    async ({ lines }) => {
      const { decision, looks } = await run(lines);
      expect(decision).toMatchObject({ decision: 'inconclusive', reason: 'NoData' });
      expect(looks).toEqual([]);
    },
  );

  it('never passes on missing data', async () => {
    const lines = [1, 2, 3].map((t) => ({ t: t * 15, metric: 'errors', missing: 'noData' }));
    const { decision } = await run(lines, { minDuration: '0' });
    expect(decision).toMatchObject({ decision: 'inconclusive', reason: 'NoData' });
  });

  it.each([
    { onInconclusive: 'extend', want: { decision: 'inconclusive', reason: 'NoData' } },
    { onInconclusive: 'wait', want: { decision: 'waiting', reason: 'Inconclusive' } },
    { onInconclusive: 'rollback', want: { decision: 'rollback', reason: 'Inconclusive' } },
  ] as const)('whose time is up does as $onInconclusive says', async ({ onInconclusive, want }) => {
    const lines = [1, 2, 3, 4, 5].map((t) => ({ t: t * 15, metric: 'errors', missing: 'noData' }));
    const { decision } = await run(lines, { onInconclusive, minDuration: '10s', maxDuration: '1m' });
    expect(decision).toMatchObject(want);
  });

  it('waits for a human after twice the time if the policy extends', async () => {
    const lines = Array.from({ length: 8 }, (_, i) => ({
      t: (i + 1) * 15,
      metric: 'errors',
      missing: 'noData',
    }));
    const { decision } = await run(lines, { minDuration: '10s', maxDuration: '1m' });
    expect(decision).toMatchObject({ decision: 'waiting' });
    expect(decision.sentence).toMatch(/^No conclusion after 2m: /);
  });

  it('puts lines of the same time together, and takes a metric that is not there for not measured', async () => {
    const queue = (t: number) => ({ t, metric: 'queue', canary: { value: 5 } });
    const [first, second, third] = windows(3, 0.01);
    const { looks } = await run([queue(15), first, queue(30), third, queue(45)], {}, template(ERRORS, QUEUE));
    expect(second).toBeDefined();
    expect(looks.map(({ endMs }) => endMs)).toEqual([15_000, 30_000, 45_000]);
    const errors = looks.map(
      ({ ladder }) => ladder.state.verdicts.find(({ metric }) => metric === 'errors')?.reason,
    );
    expect(errors).toEqual(['MoreDataNeeded', 'NoData', 'MoreDataNeeded']);
  });

  it('calibrates from history that comes before the first window', async () => {
    const random = seeded(3);
    const past = () => Array.from({ length: 240 }, () => ({ total: 150, bad: poisson(1.5, random) }));
    const pods = Object.fromEntries(Array.from({ length: 19 }, (_, i) => [`pod-${i}`, past()]));
    const stable = pods['pod-0']?.map((_, i) => {
      const cells = Object.values(pods).map((list) => list[i] ?? { total: 0, bad: 0 });
      return { total: 2850, bad: cells.reduce((sum, cell) => sum + cell.bad, 0) };
    });
    const { decision } = await run([{ metric: 'errors', history: { stable, pods } }, ...windows(2, 0.01)]);
    expect(decision.numbers).toMatchObject({ calibration: 2 });
    expect((await run(windows(2, 0.01))).decision.numbers).toMatchObject({ calibration: 0 });
  });

  it('says once if samples are rarer than the template expects', async () => {
    const rare = windows(4, 0.01).map((line, i) => ({ ...line, t: (i + 1) * 60 }));
    expect((await run(rare)).notes).toEqual([
      'the window that ends at 1970-01-01T00:02:00.000Z ends 1m after the one before, but lasts 15s (interval); the time between counts as not measured. If samples are of 1m, set interval: 1m in the template',
    ]);
    expect((await run(windows(4, 0.01))).notes).toEqual([]);
  });

  it('follows the steps the input names, and does not move on by itself then', async () => {
    const lines = windows(100, 0.005).map((line, i) => (i === 90 ? { ...line, weight: 25 } : line));
    const { looks } = await run([{ step: 0 }, ...lines], { steps: '5,25,50' });
    expect(looks.map(({ index }) => index)).toEqual([
      ...Array<number>(90).fill(0),
      ...Array<number>(10).fill(1),
    ]);
    expect(looks[89]?.conclusion.to).toBe('next');
  });
});

const SLOW = { name: 'slow', latency: { preset: 'auto', quantiles: [0.5, 0.9] } };
const BOUNDS = ['0.05', '0.1', '0.2', '0.4', '0.8'];

/** Windows of 15 s: cumulative buckets of stable, and of a canary that takes `factor` times as long (exponential durations). */
function durations(count: number, factor: number): object[] {
  const random = seeded(9);
  const buckets = (requests: number, mean: number) => {
    let below = 0;
    const cumulative = [...BOUNDS.map(Number), Infinity].map((bound, i, all) => {
      const share = Math.exp(-(all[i - 1] ?? 0) / mean) - Math.exp(-bound / mean);
      return (below += poisson(requests * share, random));
    });
    return { buckets: Object.fromEntries([...BOUNDS, '+Inf'].map((bound, i) => [bound, cumulative[i]])) };
  };
  return Array.from({ length: count }, (_, i) => ({
    t: (i + 1) * 15,
    canary: buckets(150, 0.1 * factor),
    stable: buckets(1350, 0.1),
  }));
}

describe('latency from buckets', () => {
  it('rolls a slower version back, naming both durations', async () => {
    const { decision } = await run(durations(40, 1.5), {}, template(SLOW));
    expect(decision).toMatchObject({ decision: 'rollback', reason: 'HarmDetected' });
    expect(decision.numbers['p50Canary']).toBeGreaterThan(1.3 * (decision.numbers['p50Stable'] ?? 0));
  });

  it('does not roll an equal one back', async () => {
    const { decision } = await run(durations(200, 1), {}, template(SLOW));
    expect(decision.decision).not.toBe('rollback');
  });

  it('calibrates from the histograms of pods before it', async () => {
    const past = durations(240, 1) as { canary: object }[];
    const windows = past.map(({ canary }) => canary);
    const pods = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((pod) => [pod, windows]));
    const [first] = durations(1, 1) as { canary: object; stable: object }[];
    const ofPods = {
      canary: { x: first?.canary },
      stable: Object.fromEntries(Object.keys(pods).map((pod) => [pod, first?.canary])),
    };
    const line = { ...first, pods: ofPods, history: { stable: windows, pods } };
    const { decision } = await run([line], {}, template(SLOW));
    expect(decision.numbers['calibration']).toBeGreaterThan(0);
  });

  it.each([
    {
      history: { stable: [{ buckets: { '1': 1, '+Inf': 1 } }, { buckets: { '2': 1, '+Inf': 1 } }] },
      want: 'history: [2] are other bounds',
    },
    {
      history: { stable: [{ total: 1, bad: 0 }] },
      want: 'history.stable[0].total: 1 is in a field that does not exist',
    },
  ])('is refused: $want', async ({ history, want }) => {
    const [line] = durations(1, 1);
    await expect(run([{ ...line, history }], {}, template(SLOW))).rejects.toThrow(want);
  });
});

const errors = (change: object) => ({
  t: 15,
  metric: 'errors',
  canary: { total: 10, bad: 1 },
  stable: { total: 10, bad: 1 },
  ...change,
});

describe('a line that cannot be used', () => {
  it.each([
    { line: 'x', want: 'sample: "x" is not JSON; write one JSON object per line' },
    { line: [1], want: 'object: [1] is a list, not an object; give a map of fields' },
    { line: {}, want: 'metric: is missing; name one of errors' },
    { line: errors({ metric: 'error' }), want: 'metric: "error" is not known; did you mean errors?' },
    { line: errors({ t: 'noon' }), want: 't: "noon" is not a time; give RFC 3339' },
    { line: errors({ t: -1 }), want: 't: -1 is not a time' },
    { line: { metric: 'errors', missing: 'noData' }, want: 't: is missing; give the end of the window' },
    {
      line: errors({ canary: { total: 10, bad: -1 } }),
      want: 'canary.bad: -1 is too small; give a number from 0',
    },
    {
      line: errors({ canary: { total: 1, bad: 2 } }),
      want: 'canary.bad: 2 is more than total (1); count bad requests among all',
    },
    { line: errors({ stable: { total: 1 } }), want: 'stable.bad: is missing' },
    { line: errors({ stable: undefined }), want: 'stable: is missing' },
    {
      line: errors({ stabel: {} }),
      want: 'stabel: {} is in a field that does not exist; did you mean stable?',
    },
    {
      line: { t: 1, metric: 'errors' },
      want: 'canary: is missing; give canary and stable, or missing: "noData"',
    },
    { line: { t: 1, missing: 'gone' }, want: 'missing: "gone" is not known; give one of noData' },
    { line: errors({ weight: 7 }), want: 'weight: 7 is not the weight of a step; give one of 5, 25' },
    { line: errors({ step: 2 }), want: 'step: 2 is above 1' },
    {
      line: errors({ history: { stable: [{ total: 1, bad: 0 }], pods: { a: [] } } }),
      want: 'history.pods["a"]: [] has 0 windows, stable has 1; give every pod a list as long as stable',
    },
  ])('is refused: $want', async ({ line, want }) => {
    const running = run([...windows(1, 0.01).map((each) => ({ ...each, t: 0.001 })), line], {
      steps: '5,25',
    });
    await expect(running).rejects.toThrow(InputError);
    await expect(running).rejects.toThrow(`line 2: ${want}`);
  });

  it('tells nothing of the fields of a metric that nobody knows', async () => {
    const text = await run([errors({ metric: 'x' })]).catch(String);
    expect(text).toMatch(/line 1: metric: "x" is not known; give one of errors$/);
  });

  it.each([
    {
      lines: [errors({ t: 30 }), errors({ t: 15 })],
      want: 'line 2: t: 1970-01-01T00:00:15.000Z does not come after',
    },
    { lines: [errors({}), errors({})], want: 'line 2: t: 1970-01-01T00:00:15.000Z does not come after' },
    {
      lines: [errors({ step: 1 }), errors({ t: 30, step: 0 })],
      want: 'line 2: step: 0 goes back from step 1',
    },
  ])('is refused where it does not follow: $want', async ({ lines, want }) => {
    await expect(run(lines, { steps: '5,25' })).rejects.toThrow(want);
  });

  it('is refused where a window would be in two steps, or has a metric twice', async () => {
    const bound = template(ERRORS, QUEUE);
    const queue = { t: 15, metric: 'queue', canary: { value: 5 } };
    await expect(run([errors({}), { ...queue, step: 1 }], { steps: '5,25' }, bound)).rejects.toThrow(
      'is in two steps',
    );
    await expect(run([queue, queue], {}, bound)).rejects.toThrow(
      'line 2: metric: queue is there twice for 1970',
    );
  });

  it('is refused at a threshold that is given history', async () => {
    const line = { t: 1, metric: 'queue', canary: { value: 1 }, history: {} };
    await expect(run([line], {}, template(QUEUE))).rejects.toThrow(
      'history: {} means nothing to a metric of type threshold',
    );
  });
});

const amount = fc.oneof(fc.nat(1000), fc.double({ min: 0, max: 1e12, noNaN: true }), fc.constant(0));
const counts = fc.tuple(amount, amount).map(([a, b]) => ({ total: Math.max(a, b), bad: Math.min(a, b) }));
const sound = fc.record(
  {
    metric: fc.constant('errors'),
    canary: counts,
    stable: counts,
    pods: fc.record({
      canary: fc.dictionary(fc.string(), counts),
      stable: fc.dictionary(fc.string(), counts),
    }),
    history: fc.record({ stable: fc.array(counts) }),
  },
  { requiredKeys: ['metric', 'canary', 'stable'] },
);

describe('whatever comes in', () => {
  it('sound samples end in one decision', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sound, { maxLength: 30 }), async (samples) => {
        const lines = samples.map((sample, i) => ({ t: (i + 1) * 15, ...sample }));
        const { decision, looks } = await run(lines, { steps: '5,50', minDuration: '30s' });
        expect(['promote', 'rollback', 'inconclusive', 'waiting']).toContain(decision.decision);
        expect(looks.length).toBeLessThanOrEqual(lines.length);
        for (const value of Object.values(decision.numbers)) expect(Number.isFinite(value)).toBe(true);
      }),
    );
  });

  it('histograms of any shape end in one decision', async () => {
    const histogram = fc
      .tuple(
        fc.uniqueArray(fc.double({ min: 0, max: 10, noNaN: true }), { maxLength: 5 }),
        fc.array(amount, { minLength: 6, maxLength: 6 }),
        fc.constantFrom('classic', 'native'),
      )
      .map(([bounds, all, layout]) => ({
        bounds: bounds.sort((a, b) => a - b),
        counts: all.slice(0, bounds.length + 1),
        layout,
      }));
    const lines = fc.array(fc.record({ canary: histogram, stable: histogram }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(lines, fc.array(histogram, { maxLength: 1 }), async (samples, stable) => {
        const windows = samples.map((sample, i) => ({ t: (i + 1) * 15, ...sample }));
        const { decision } = await run(
          [{ metric: 'slow', history: { stable } }, ...windows],
          { steps: '5,50' },
          template(SLOW),
        );
        for (const value of Object.values(decision.numbers)) expect(Number.isFinite(value)).toBe(true);
      }),
    );
  });

  it('anything else is a decision or an InputError that names its line', async () => {
    const junk = fc.oneof(
      fc.json(),
      fc.string(),
      sound.map((sample) => JSON.stringify({ t: 15, ...sample })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(junk, { maxLength: 10 }), async (lines) => {
        const ended = await run(lines).catch((error: unknown) => error);
        if (ended instanceof Error) expect(ended).toBeInstanceOf(InputError);
        else expect(ended).toHaveProperty('decision.decision');
      }),
    );
  });
});
