import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { measure } from '../../analysis/measure/measure.ts';
import { SOURCES } from '../../analysis/measure/sources.ts';
import type { Counts, Measurement, Window } from '../../api/analysis.ts';
import { defaultTemplate } from '../../api/kinds/template/template.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import { eventually, HANG_MS } from '../support/eventually.ts';
import { HttpSide } from '../support/sources/http-side.ts';
import { PrometheusSide } from '../support/sources/prometheus-side.ts';
import type { Side, Told } from '../support/sources/side.ts';

/**
 * Every source has to keep these promises: a new source adds its side here (docs/extending/metric-source.md).
 */
const SIDES: readonly (new () => Side)[] = [PrometheusSide, HttpSide];

const BASE = { critical: true, dryRun: false } as const;
const LENGTH_MS = 15_000;
const BEGIN_MS = 1_000_000;
const HASTY_MS = 50;

let side: Side | undefined;
afterEach(() => side?.stop());

async function started(make: new () => Side, timeoutMs = HANG_MS): Promise<Side> {
  side = new make();
  await side.start(timeoutMs);
  return side;
}

const windowOf = (index: number): Window => ({
  startMs: BEGIN_MS + index * LENGTH_MS,
  endMs: BEGIN_MS + (index + 1) * LENGTH_MS,
});

const errorRate = ({ queries }: Side): Metric => ({
  ...BASE,
  type: 'errorRate',
  name: 'errors',
  weight: 1,
  queries: { canary: queries, stable: queries },
  test: { method: 'sequential' },
  harmMargin: { relative: 0.1, absolute: 1e-4 },
  safeMargin: { relative: 0.5, absolute: 1e-3 },
});

const threshold = ({ number }: Side): Metric => ({
  ...BASE,
  type: 'threshold',
  name: 'value',
  query: number,
  success: 'value < 10 and stable < 10',
  failureLimit: 0,
  counting: 'consecutive',
  inconclusiveLimit: 0,
  nan: 'inconclusive',
});

async function measured(of: Side, metric: Metric, window: Window, namespace = 'shop'): Promise<Measurement> {
  const template = { ...defaultTemplate(), source: `${of.name}/tried`, metrics: [metric] };
  const [measurement] = await measure(
    {
      window,
      templates: [{ use: { template: 'tried', args: {} }, template }],
      variables: { namespace, target: 'web', stableService: 'web', canaryService: 'web-canary' },
    },
    new Map([[`${of.name}/tried`, of.endpoint]]),
  );
  if (measurement === undefined) throw new Error('nothing was measured');
  return measurement;
}

/** Tells the source the numbers at the end of each window, and measures it. */
async function run(of: Side, told: readonly Told[], metric = errorRate(of)): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const [index, each] of told.entries()) {
    const window = windowOf(index);
    of.tell(window.endMs, each);
    measurements.push(await measured(of, metric, window));
  }
  return measurements;
}

const both = (counts: Counts, stable = counts): Told => ({ canary: counts, stable });

it('the suite knows every source', () => {
  expect(SIDES.map((make) => new make().name).sort()).toEqual(SOURCES.map(({ name }) => name).sort());
});

describe.each(SIDES.map((make) => ({ make, source: new make().name })))('$source', ({ make }) => {
  it('counts what two cumulative counts rose by within the window, in both arms', async () => {
    const of = await started(make);
    const [, second] = await run(of, [
      both({ bad: 3, total: 100 }, { bad: 30, total: 1000 }),
      both({ bad: 5, total: 150 }, { bad: 31, total: 1900 }),
    ]);
    expect(second).toMatchObject({
      outcome: 'ok',
      canary: { bad: 2, total: 50 },
      stable: { bad: 1, total: 900 },
    });
  });

  it('never counts what happened before it began to look', async () => {
    const of = await started(make);
    const [first] = await run(of, [both({ bad: 50, total: 1000 })]);
    expect(first).not.toMatchObject({ canary: { total: 1000 } });
  });

  it('counts nothing twice and loses nothing over windows that follow one another, whatever the counts', async () => {
    const steps = fc.array(fc.record({ bad: fc.nat(20), more: fc.nat(1000) }), {
      minLength: 2,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (rises) => {
        const of = await started(make);
        let sum = { bad: 7, total: 700 };
        const told = [both(sum)];
        for (const { bad, more } of rises) {
          sum = { bad: sum.bad + bad, total: sum.total + bad + more };
          told.push(both(sum));
        }
        const [, ...later] = await run(of, told);
        of.stop();
        const total = later.map((each) => ('canary' in each ? (each.canary as Counts).total : NaN));
        expect(total).toEqual(rises.map(({ bad, more }) => bad + more));
      }),
      { numRuns: 15 },
    );
  });

  it('makes of a restart no data or what was counted since, and never old requests or negative ones', async () => {
    const of = await started(make);
    const [, during, after] = await run(of, [
      both({ bad: 40, total: 1000 }),
      both({ bad: 1, total: 20 }),
      both({ bad: 3, total: 60 }),
    ]);
    if (during?.outcome === 'ok') expect(during).toMatchObject({ canary: { bad: 1, total: 20 } });
    else expect(during).toMatchObject({ outcome: 'noData' });
    expect(after).toMatchObject({ outcome: 'ok', canary: { bad: 2, total: 40 } });
  });

  it.each(['canary', 'stable'] as const)('takes counts of %s that are missing for no data', async (arm) => {
    const of = await started(make);
    const counts = both({ bad: 1, total: 100 });
    const [, missing] = await run(of, [counts, { ...both({ bad: 2, total: 200 }), [arm]: undefined }]);
    expect(missing).toMatchObject({ outcome: 'noData' });
  });

  it('refuses counts that cannot be counts of requests', async () => {
    const of = await started(make);
    const [, second] = await run(of, [both({ bad: 0, total: 100 }), both({ bad: 900, total: 101 })]);
    expect(second).toMatchObject({ outcome: 'badQuery' });
  });

  it('reads one number of both arms, and says when there is none', async () => {
    const of = await started(make);
    const told = { canary: { bad: 4, total: 9 }, stable: { bad: 2, total: 9 } };
    const [number, none] = await run(of, [told, { ...told, canary: undefined }], threshold(of));
    expect(number).toMatchObject({ outcome: 'ok', canary: 4, stable: 2 });
    expect(none).toMatchObject({ outcome: 'noData' });
  });

  it.each([
    { fault: 'error', outcome: 'serverError' },
    { fault: 'garbage', outcome: 'serverError' },
    { fault: 'redirect', outcome: 'serverError' },
    { fault: 'silent', outcome: 'timeout' },
  ] as const)('makes of $fault a measurement without numbers that says why', async ({ fault, outcome }) => {
    const of = await started(make, fault === 'silent' ? HASTY_MS : HANG_MS);
    of.tell(windowOf(0).endMs, both({ bad: 0, total: 1 }));
    of.fault = fault;
    for (const metric of [errorRate(of), threshold(of)]) {
      const measurement = await measured(of, metric, windowOf(0));
      expect(measurement).toMatchObject({ outcome });
      expect('sentence' in measurement && measurement.sentence).not.toMatch(/secret|undefined/);
    }
    expect(of.followed).toBe(0);
  });

  it('says that nothing answers', async () => {
    const of = await started(make);
    of.stop();
    expect(await measured(of, threshold(of), windowOf(0))).toMatchObject({ outcome: 'serverError' });
  });

  it('asks what several metrics ask once', async () => {
    const of = await started(make);
    of.tell(windowOf(0).endMs, both({ bad: 1, total: 2 }));
    await measured(of, threshold(of), windowOf(0));
    const once = of.asked;
    const twice = ['one', 'two'].map((name) => ({ ...threshold(of), name }));
    const template = { ...defaultTemplate(), source: `${of.name}/tried`, metrics: twice };
    await measure(
      {
        window: windowOf(0),
        templates: [{ use: { template: 'tried', args: {} }, template }],
        variables: { namespace: 'shop', target: 'web', stableService: 'web', canaryService: 'web-canary' },
      },
      new Map([[`${of.name}/tried`, of.endpoint]]),
    );
    expect(of.asked - once).toBe(once);
  });

  it('lets no namespace delay another, however much it asks of an end point that does not answer', async () => {
    const of = await started(make);
    of.tell(windowOf(0).endMs, both({ bad: 1, total: 2 }));
    of.fault = 'silent';
    const noisy = Array.from({ length: 50 }, (_, i) =>
      measured(of, { ...threshold(of), name: `m${i}` }, windowOf(i), 'noisy'),
    );
    await eventually(() => expect(of.asked).toBeGreaterThan(0));
    of.fault = 'none';
    expect(await measured(of, threshold(of), windowOf(0), 'quiet')).toMatchObject({ outcome: 'ok' });
    of.stop();
    await Promise.all(noisy);
  });

  it('is not asked where the controller has no such end point, and the sentence says how to add it', async () => {
    const of = await started(make);
    const template = { ...defaultTemplate(), source: `${of.name}/other`, metrics: [threshold(of)] };
    const [measurement] = await measure(
      { window: windowOf(0), templates: [{ use: { template: 'tried', args: {} }, template }], variables: {} },
      new Map([[`${of.name}/tried`, of.endpoint]]),
    );
    expect(measurement).toMatchObject({
      outcome: 'serverError',
      sentence: `the controller has no end point ${of.name}/other; start it with --source ${of.name}/other=<url>`,
    });
    expect(of.asked).toBe(0);
  });
});
