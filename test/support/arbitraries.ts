import fc from 'fast-check';
import { defaultTemplate } from '../../api/parse/metric.ts';
import { defaultPolicy } from '../../api/parse/policy.ts';
import type { AnalysisUse, ReleasePolicy, Step } from '../../api/policy.ts';
import type {
  AnalysisTemplate,
  ErrorRateMetric,
  LatencyMetric,
  Margin,
  Metric,
  ThresholdMetric,
} from '../../api/template.ts';

/** Valid policies and templates for property tests. */
const durationMs = (min: number, max: number) => fc.integer({ min, max });
const label = fc.stringMatching(/^[a-z][a-z0-9]{0,10}$/);
const argument = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,10}$/);
const words = fc.stringMatching(/^[a-z(){}=<>." ]{0,40}[a-z]$/);

function optional<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return fc.record(model, { requiredKeys: [] });
}

const step: fc.Arbitrary<Step> = fc
  .tuple(
    fc.record({
      weight: fc.integer({ min: 1, max: 99 }),
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

export const policies: fc.Arbitrary<ReleasePolicy> = fc
  .tuple(
    fc.record({
      provider: fc.constantFrom('auto', 'gateway', 'nginx', 'istio', 'linkerd', 'replicas'),
      strategy: fc.constant('canary'),
      steps: fc.array(step, { minLength: 1, maxLength: 6 }),
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
  )
  .map(([policy, own]) => ({ ...defaultPolicy(), ...policy, ...own }));

const margin: fc.Arbitrary<Margin> = fc.record({
  absolute: fc.double({ min: 0, max: 0.5, noNaN: true }),
  relative: fc.double({ min: 0, max: 50, noNaN: true }),
});

const base = { name: label, critical: fc.boolean(), dryRun: fc.boolean() };
const pair = fc.record({ bad: words, total: words });

/** A preset by name, or queries of one shape for each arm. */
function source<Q>(queries: fc.Arbitrary<Q>) {
  return fc.oneof(
    fc.constantFrom('auto', 'nginx', 'istio').map((preset) => ({ preset })),
    fc.record({ canary: queries, stable: queries }).map((both) => ({ queries: both })),
  );
}

/** The safe margin is the harm margin and something more. */
const margins = fc.tuple(margin, margin).map(([harmMargin, extra]) => ({
  harmMargin,
  safeMargin: {
    absolute: harmMargin.absolute + extra.absolute,
    relative: harmMargin.relative + extra.relative,
  },
}));

const errorRate: fc.Arbitrary<ErrorRateMetric> = fc
  .tuple(fc.record(base), margins, source(pair))
  .map(([rest, both, from]) => ({
    type: 'errorRate',
    weight: 1,
    test: { method: 'sequential' },
    ...rest,
    ...from,
    ...both,
  }));

const latency: fc.Arbitrary<LatencyMetric> = fc
  .tuple(
    fc.record({
      ...base,
      weight: fc.double({ min: 0.001, max: 1000, noNaN: true }),
      quantiles: fc
        .uniqueArray(fc.double({ min: 1e-6, max: 0.999999, noNaN: true }), { minLength: 1, maxLength: 5 })
        .map((list) => list.toSorted((a, b) => a - b)),
      requireProof: fc.boolean(),
    }),
    margins,
    source(fc.record({ buckets: words })),
  )
  .map(([rest, both, from]) => ({ type: 'latency', ...rest, ...from, ...both }));

const threshold: fc.Arbitrary<ThresholdMetric> = fc
  .tuple(
    fc.record({
      ...base,
      query: words,
      success: words,
      failureLimit: fc.nat(1000),
      inconclusiveLimit: fc.nat(1000),
      nan: fc.constantFrom('inconclusive', 'zero', 'fail'),
    }),
    optional<{ stableQuery: string; failure: string }>({ stableQuery: words, failure: words }),
  )
  .map(([rest, own]) => ({ type: 'threshold', counting: 'consecutive', ...rest, ...own }));

export const templates: fc.Arbitrary<AnalysisTemplate> = fc
  .record({
    args: fc.uniqueArray(fc.record({ name: argument, value: fc.string() }, { requiredKeys: ['name'] }), {
      maxLength: 4,
      selector: (item) => item.name,
    }),
    intervalMs: durationMs(1000, 3_600_000),
    prometheus: label,
    risk: fc.record({
      harm: fc.double({ min: 1e-6, max: 0.5, noNaN: true }),
      safe: fc.double({ min: 1e-6, max: 0.5, noNaN: true }),
    }),
    metrics: fc.uniqueArray<Metric, string>(fc.oneof(errorRate, latency, threshold), {
      minLength: 1,
      maxLength: 5,
      selector: (item) => item.name,
    }),
  })
  .map((template) => ({ ...defaultTemplate(), ...template }));
