import fc from 'fast-check';
import { defaultPolicy } from '../../api/kinds/policy/policy.ts';
import type { AnalysisUse, ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Match, Mirror, Stickiness } from '../../api/kinds/policy/split.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import type { AnalysisTemplate } from '../../api/kinds/template/template.ts';
import type { CountTest } from '../../api/kinds/template/looks.ts';
import type { ErrorRateMetric } from '../../api/kinds/template/kinds/error-rate.ts';
import type { KayentaSettings } from '../../api/kinds/template/kayenta.ts';
import type { LatencyMetric } from '../../api/kinds/template/kinds/latency.ts';
import type { Margin } from '../../api/kinds/template/margins.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import type { Scoring } from '../../api/kinds/template/scoring.ts';
import type { SeriesMetric } from '../../api/kinds/template/kinds/series.ts';
import type { ThresholdMetric } from '../../api/kinds/template/kinds/threshold.ts';

/** Valid policies and templates for property tests. */
const durationMs = (min: number, max: number) => fc.integer({ min, max });
const label = fc.stringMatching(/^[a-z][a-z0-9]{0,10}$/);
const argument = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,10}$/);
const words = fc.stringMatching(/^[a-z(){}=<>." ]{0,40}[a-z]$/);

function optional<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return fc.record(model, { requiredKeys: [] });
}

const hundredths = (min: number) => fc.integer({ min, max: 9900 }).map((count) => count / 100);

const step = (leastHundredths: number): fc.Arbitrary<Step> =>
  fc
    .tuple(
      fc.record({
        weight: fc.oneof(
          fc.integer({ min: Math.ceil(leastHundredths / 100), max: 99 }),
          hundredths(leastHundredths),
        ),
        minDurationMs: durationMs(0, 10_000_000),
        extraMs: durationMs(1000, 10_000_000),
        pause: fc.oneof(fc.boolean(), durationMs(1, 10_000_000)),
      }),
      optional<{ canaryReplicas: number }>({ canaryReplicas: fc.integer({ min: 1, max: 50 }) }),
    )
    .map(([{ extraMs, ...rest }, own]) => ({ ...rest, maxDurationMs: rest.minDurationMs + extraMs, ...own }));

const use: fc.Arbitrary<AnalysisUse> = fc.record({
  template: label,
  args: fc.dictionary(argument, fc.string()),
});

const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/);
const value = fc.stringMatching(/^[!#-+\--:<-[\]-~]{1,20}$/);
const match: fc.Arbitrary<Match> = fc.record({
  headers: fc.array(
    fc.oneof(
      fc.record({ name: token, value }),
      fc.record({
        name: token,
        value: fc.constantFrom('^eu-.*', '(?i)beta'),
        regex: fc.constant(true as const),
      }),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  cookies: fc.array(fc.record({ name: token, value }), { maxLength: 3 }),
});

const mirror: fc.Arbitrary<Mirror> = fc
  .record({
    percent: fc.integer({ min: 1, max: 100 }),
    minDurationMs: durationMs(0, 10_000_000),
    extraMs: durationMs(1000, 10_000_000),
  })
  .map(({ extraMs, ...rest }) => ({ ...rest, maxDurationMs: rest.minDurationMs + extraMs }));

const stickiness: fc.Arbitrary<Stickiness> = fc.record({
  cookie: token,
  maxAgeMs: fc.integer({ min: 1, max: 2_592_000 }).map((seconds) => seconds * 1000),
});

const steps = (leastHundredths: number) => fc.array(step(leastHundredths), { minLength: 1, maxLength: 6 });

type Splitting = Pick<ReleasePolicy, 'strategy' | 'steps'> & Partial<ReleasePolicy>;

/** What each strategy has, and the fields that belong to it. */
const splitting: fc.Arbitrary<Splitting> = fc.oneof(
  fc
    .tuple(
      fc.record({ steps: steps(1) }),
      optional<{ mirror: Mirror; stickiness: Stickiness }>({ mirror, stickiness }),
    )
    .map(([own, more]) => ({ strategy: 'canary' as const, ...own, ...more })),
  fc
    .tuple(
      fc.record({ steps: steps(0), match }),
      optional<{ mirror: Mirror; stickiness: Stickiness }>({ mirror, stickiness }),
    )
    .map(([own, more]) => ({ strategy: 'ab' as const, ...own, ...more })),
  fc
    .tuple(fc.record({ bakeMs: durationMs(0, 10_000_000) }), optional<{ mirror: Mirror }>({ mirror }))
    .map(([own, more]) => ({ strategy: 'blueGreen' as const, steps: [], ...own, ...more })),
);

export const policies: fc.Arbitrary<ReleasePolicy> = fc
  .tuple(
    fc.record({
      provider: fc.constantFrom('auto', 'gateway', 'nginx', 'istio', 'linkerd', 'replicas'),
      analysis: fc.uniqueArray(use, { minLength: 1, maxLength: 4, selector: (item) => item.template }),
      onFailure: fc.constantFrom('hold', 'revert'),
      onInconclusive: fc.constantFrom('extend', 'wait', 'promote', 'rollback'),
      onNewRevision: fc.constantFrom('supersede', 'queue'),
      rollbackWindow: fc.record({ revisions: fc.integer({ min: 0, max: 100 }) }),
      holdCapacity: fc.boolean(),
      warmupMs: durationMs(0, 3_600_000),
      drainMs: durationMs(0, 3_600_000),
      historyLimit: fc.integer({ min: 1, max: 1000 }),
    }),
    optional<{ settleMs: number }>({ settleMs: durationMs(0, 3_600_000) }),
    splitting,
  )
  .map(([policy, own, split]) => ({ ...defaultPolicy(), ...policy, ...own, ...split }));

const margin: fc.Arbitrary<Margin> = fc.record({
  absolute: fc.double({ min: 0, max: 0.5, noNaN: true }),
  relative: fc.double({ min: 0, max: 50, noNaN: true }),
});

const base = { name: label, critical: fc.boolean(), dryRun: fc.boolean() };
const pair = fc.record({ bad: words, total: words });

/** A preset by name, or queries of the same form for each arm. */
function source<Q>(queries: fc.Arbitrary<Q>) {
  return fc.oneof(
    fc.constantFrom('auto', 'nginx', 'istio').map((preset) => ({ preset })),
    fc.record({ canary: queries, stable: queries }).map((both) => ({ queries: both })),
  );
}

/** The safe margin is the harm margin plus something. */
const margins = fc.tuple(margin, margin).map(([harmMargin, extra]) => ({
  harmMargin,
  safeMargin: {
    absolute: harmMargin.absolute + extra.absolute,
    relative: harmMargin.relative + extra.relative,
  },
}));

const MINUTE = 60_000;
const weight = fc.double({ min: 0.001, max: 1000, noNaN: true });
const properShare = fc.double({ min: 1e-6, max: 0.999999, noNaN: true });
const looks = fc.integer({ min: 1, max: 20 });

/** A horizon of at least `each` windows for each look, with `min` to `max` looks. */
function fixedHorizon(intervalMs: number, { each, min, max }: { each: number; min: number; max: number }) {
  return looks.chain((count) =>
    fc.record({
      looks: fc.constant(count),
      horizonMs: durationMs(Math.max(min, count * each * intervalMs), max),
    }),
  );
}

const countTest = (intervalMs: number): fc.Arbitrary<CountTest> =>
  fc.oneof(
    fc.constant({ method: 'sequential' as const }),
    fc
      .tuple(
        fc.constantFrom('twoProportionZ' as const, 'fisher' as const),
        fixedHorizon(intervalMs, { each: 1, min: MINUTE, max: 1440 * MINUTE }),
      )
      .map(([method, when]) => ({ method, ...when })),
  );

const errorRate = (intervalMs: number): fc.Arbitrary<ErrorRateMetric> =>
  fc
    .tuple(
      fc.record({ ...base, weight, test: countTest(intervalMs) }),
      margins,
      source(pair),
      optional<{ ceiling: number }>({ ceiling: properShare }),
    )
    .map(([rest, both, from, own]) => ({ type: 'errorRate', ...rest, ...from, ...both, ...own }));

const latency: fc.Arbitrary<LatencyMetric> = fc
  .tuple(
    fc.record({
      ...base,
      weight,
      quantiles: fc
        .uniqueArray(properShare, { minLength: 1, maxLength: 5 })
        .map((list) => list.toSorted((a, b) => a - b)),
      requireProof: fc.boolean(),
    }),
    margins,
    source(fc.record({ buckets: words })),
  )
  .map(([rest, both, from]) => ({ type: 'latency', ...rest, ...from, ...both }));

const effect: fc.Arbitrary<KayentaSettings['effect']> = fc
  .constantFrom(
    { measure: 'meanRatio' as const, none: 1, max: 1e6 },
    { measure: 'cles' as const, none: 0.5, max: 1 },
  )
  .chain(({ measure, none, max }) => {
    const increase = fc.double({ min: none, max, noNaN: true });
    const decrease = fc.double({ min: 0, max: none, noNaN: true });
    return fc.record({
      measure: fc.constant(measure),
      allowedIncrease: increase,
      allowedDecrease: decrease,
      criticalIncrease: increase,
      criticalDecrease: decrease,
    });
  });

const kayentaBase = {
  effect,
  mustHaveData: fc.boolean(),
  groups: fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 _.-]{0,8}$/), { maxLength: 3 }),
};
const outliers = optional<{ outlierFactor: number }>({
  outlierFactor: fc.double({ min: 0, max: 100, noNaN: true }),
});

/** Confidence and tolerance are settings only without `compat`. */
const kayenta: fc.Arbitrary<KayentaSettings> = fc
  .tuple(
    fc.oneof(
      fc.record({
        ...kayentaBase,
        confidence: fc.double({ min: 0.5, max: 0.9999, noNaN: true }),
        tolerance: fc.double({ min: 0, max: 1, noNaN: true }),
        compat: fc.constant('none' as const),
      }),
      fc.record({
        ...kayentaBase,
        confidence: fc.constant(0.98),
        tolerance: fc.constant(0.25),
        compat: fc.constant('kayenta' as const),
      }),
    ),
    outliers,
  )
  .map(([settings, own]) => ({ ...settings, ...own }));

const unusedKayenta: KayentaSettings = {
  confidence: 0.98,
  tolerance: 0.25,
  effect: {
    measure: 'meanRatio',
    allowedIncrease: 1,
    allowedDecrease: 1,
    criticalIncrease: 1,
    criticalDecrease: 1,
  },
  mustHaveData: false,
  groups: [],
  compat: 'none',
};

const series = (intervalMs: number): fc.Arbitrary<SeriesMetric> =>
  fc
    .tuple(
      fc.record({
        ...base,
        query: words,
        direction: fc.constantFrom('increase', 'decrease', 'either'),
        nan: fc.constantFrom('remove', 'zero'),
        kayenta,
      }),
      optional<{ stableQuery: string }>({ stableQuery: words }),
      fc.constantFrom('kayenta', 'welch', 'mannWhitney', 'kolmogorovSmirnov'),
      fixedHorizon(intervalMs, { each: 8, min: 0, max: 200 * intervalMs }),
    )
    .map(([rest, own, method, when]) => ({
      type: 'series',
      ...rest,
      ...own,
      kayenta: method === 'kayenta' ? rest.kayenta : unusedKayenta,
      test: { method, ...when },
    }));

const threshold: fc.Arbitrary<ThresholdMetric> = fc
  .tuple(
    fc.record({
      ...base,
      query: words,
      success: words,
      failureLimit: fc.nat(1000),
      inconclusiveLimit: fc.nat(1000),
      counting: fc.constantFrom('consecutive', 'total'),
      nan: fc.constantFrom('inconclusive', 'zero', 'fail'),
    }),
    optional<{ stableQuery: string; failure: string; consecutiveErrorLimit: number }>({
      stableQuery: words,
      failure: words,
      consecutiveErrorLimit: fc.nat(1000),
    }),
  )
  .map(([rest, own]) => ({ type: 'threshold', ...rest, ...own }));

/** Some with Kayenta's score over the groups that the metrics name. */
const templatesOf = (intervalMs: number, metrics: Metric[]): fc.Arbitrary<AnalysisTemplate> =>
  fc
    .tuple(
      fc.record({
        args: fc.uniqueArray(fc.record({ name: argument, value: fc.string() }, { requiredKeys: ['name'] }), {
          maxLength: 4,
          selector: (item) => item.name,
        }),
        prometheus: label,
        risk: fc.record({
          harm: fc.double({ min: 1e-6, max: 0.5, noNaN: true }),
          safe: fc.double({ min: 1e-6, max: 0.5, noNaN: true }),
        }),
        safeEvidence: fc.constantFrom('perStep' as const, 'cumulative' as const),
      }),
      scoringOf(metrics),
    )
    .map(([template, own]) => ({ ...template, ...own, intervalMs, metrics }));

function scoringOf(metrics: Metric[]): fc.Arbitrary<{ scoring?: Scoring }> {
  const deciding = metrics.filter((metric) => metric.type === 'series' && !metric.dryRun);
  const groups = deciding.map((metric) => (metric.type === 'series' ? metric.kayenta.groups : []));
  const names = [...new Set(groups.flat())];
  const some = groups.some((own) => own.length === 0);
  if (groups.length === 0 || (some && names.length > 0)) return fc.constant({});
  return fc
    .record({
      pass: fc.double({ min: 0, max: 100, noNaN: true }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      weighted: fc.subarray(names, { maxLength: Math.max(0, names.length - 1) }),
      used: fc.boolean(),
    })
    .map(({ pass, part, weighted, used }) => {
      const weights = Object.fromEntries(weighted.map((name) => [name, 100 / names.length]));
      return used ? { scoring: { pass, marginal: pass * part, groups: weights } } : {};
    });
}

export const templates: fc.Arbitrary<AnalysisTemplate> = durationMs(1000, 3_600_000).chain((intervalMs) =>
  fc
    .uniqueArray<Metric, string>(fc.oneof(errorRate(intervalMs), latency, series(intervalMs), threshold), {
      minLength: 1,
      maxLength: 5,
      selector: (item) => item.name,
    })
    .chain((metrics) => templatesOf(intervalMs, metrics)),
);
