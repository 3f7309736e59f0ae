import { describe, expect, it } from 'vitest';
import type { LabelledCounts, Measurement } from '../../api/analysis.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import { defaultTemplate, serializeTemplate } from '../../api/kinds/template/template.ts';
import type { MeasureResult } from '../../api/measuring.ts';
import {
  ago,
  aRoute,
  aSnapshot,
  changed,
  doing,
  NOW,
  type SnapshotChange,
} from '../../test/support/builders.ts';
import { aRelease, FIRST_WINDOW, HARM, measured, stepAt } from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';
import type { Action, Decision } from '../model.ts';

const ZERO = 'jsonPatch HTTPRoute/web: take all traffic off the canary';

/** The templates of a Release whose metrics of these names are broken down by route. */
function analysis(...names: { name: string; breakdown?: true; dryRun?: true }[]) {
  const [metric] = defaultTemplate().metrics;
  if (metric?.type !== 'errorRate') throw new Error('the default template has another metric');
  const metrics = names.map(({ name, breakdown, dryRun }) => ({
    ...metric,
    name,
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(breakdown === undefined ? {} : { breakdown: { by: 'route' } }),
  }));
  return {
    analysis: [{ template: 'http', args: {}, spec: serializeTemplate({ ...defaultTemplate(), metrics }) }],
  };
}

const BY_ROUTE = analysis({ name: 'error-rate', breakdown: true });
const PLAIN = analysis({ name: 'error-rate' });

const look = (objects: readonly KubeObject[], change: SnapshotChange = {}): Decision =>
  decide(aSnapshot(objects, change));

const release = (spec: object): KubeObject =>
  aRelease({ spec, status: { weightObservedAt: ago(200), targetGeneration: 5 } });

/** A pass of a step whose newest window shows harm. */
const failing = (spec: object = BY_ROUTE, change: SnapshotChange = {}) =>
  look(changed(stepAt({}), release(spec)), { measured: measured(FIRST_WINDOW, HARM), ...change });

/** A later pass on the way out; the canary's traffic is gone, or not yet. */
const leaving = (
  change: Partial<ReleaseStatus> = {},
  { spec = BY_ROUTE, weight = 0, ...snapshot }: SnapshotChange & { spec?: object; weight?: number } = {},
) => {
  const { status } = failing(BY_ROUTE);
  const taken = aRelease({ spec, status: { ...status?.next, drainStartedAt: ago(20), ...change } });
  return look([taken, aRoute(weight)].reduce(changed, stepAt({})), snapshot);
};

const jobs = ({ actions }: Decision) => actions.filter((each) => each.do === 'measure').map(({ job }) => job);
const rest = ({ actions }: Decision): Action[] => actions.filter((each) => each.do !== 'measure');

const steady = (value: string, canaryBad: number): LabelledCounts => ({
  value,
  canary: Array.from({ length: 10 }, () => ({ total: 50, bad: canaryBad })),
  stable: Array.from({ length: 10 }, () => ({ total: 200, bad: 1 })),
});
const WINDOW = { startMs: NOW - 600_000, endMs: FIRST_WINDOW.endMs };
const counted = (measurement: Partial<Measurement>): MeasureResult => ({
  release: 'web-5',
  step: 0,
  window: WINDOW,
  byLabel: ['error-rate'],
  measurements: [{ metric: 'error-rate', window: WINDOW, ...measurement } as Measurement],
});
const COUNTS = counted({
  outcome: 'ok',
  kind: 'byLabel',
  tickMs: 15_000,
  values: [steady('/', 0), steady('/buy', 10)],
});

describe('a release that fails', () => {
  it('loses its traffic first; then the values are asked for, over everything that was judged', () => {
    const decision = failing();
    expect(decision.status?.next).toMatchObject({ phase: 'RollingBack', reason: 'HarmDetected' });
    expect(decision.actions.map((each) => each.do)).toEqual(['write', 'measure']);
    expect(doing(decision)).toContain(ZERO);
    expect(jobs(decision)).toMatchObject([
      {
        release: 'web-5',
        byLabel: ['error-rate'],
        window: { startMs: Date.parse(decision.status?.next.startedAt ?? ''), endMs: FIRST_WINDOW.endMs },
        variables: { canaryService: 'web-canary', canaryPods: 'web-canary-web-2-0' },
      },
    ]);
  });

  it('limits queries of a tenant to its namespace', () => {
    const snapshot = aSnapshot(changed(stepAt({}), release(BY_ROUTE)), {
      measured: measured(FIRST_WINDOW, HARM),
    });
    const fenced = { ...snapshot, config: { ...snapshot.config, namespaceMatcher: true as const } };
    const [job] = jobs(decide(fenced));
    expect(job?.templates).toMatchObject([{ fence: { label: 'namespace', value: 'shop' } }]);
  });

  it.each([
    { given: 'no metric names a label', spec: PLAIN },
    {
      given: 'the one that failed names none',
      spec: analysis({ name: 'error-rate' }, { name: 'other', breakdown: true }),
    },
  ])('is not asked about if $given', ({ spec }) => {
    expect(jobs(failing(spec))).toEqual([]);
  });

  it('is not asked about by a metric that decides nothing', () => {
    const spec = analysis({ name: 'error-rate' }, { name: 'shadow', breakdown: true, dryRun: true });
    const window = measured(FIRST_WINDOW, HARM);
    const [first] = window.measurements;
    if (first === undefined) throw new Error('nothing was measured');
    const both = { ...window, measurements: [first, { ...first, metric: 'shadow' }] };
    const decision = failing(spec, { measured: both });
    expect(decision.status?.next.analysis?.verdicts.map(({ result }) => result)).toEqual(['fail', 'fail']);
    expect(jobs(decision)).toEqual([]);
  });

  it.each(['serverError', 'noData'] as const)('is not one whose window has no data (%s)', (outcome) => {
    const decision = failing(BY_ROUTE, { measured: measured(FIRST_WINDOW, outcome) });
    expect(jobs(decision).filter(({ byLabel }) => byLabel !== undefined)).toEqual([]);
  });
});

describe('on the way out', () => {
  it('the values are asked for again if the answer was lost, and not while it is on its way', () => {
    expect(jobs(leaving())).toMatchObject([{ byLabel: ['error-rate'] }]);
    expect(jobs(leaving({}, { measuring: true }))).toEqual([]);
  });

  it('the answer is recorded, and not asked for again', () => {
    const decision = leaving({}, { measured: COUNTS });
    expect(jobs(decision)).toEqual([]);
    const { breakdown } = decision.status?.next ?? {};
    expect(breakdown).toMatchObject([
      {
        metric: 'error-rate',
        by: 'route',
        compared: 2,
        values: [
          { value: '/buy', explains: true },
          { value: '/', explains: false },
        ],
      },
    ]);
    expect(jobs(leaving({ breakdown: breakdown ?? [] }))).toEqual([]);
    const after = leaving({ breakdown: breakdown ?? [] }, { measured: COUNTS });
    expect(jobs(after)).toEqual([]);
    expect(after.status?.next.breakdown).toEqual(breakdown);
  });

  it('that there is no answer is recorded as well', () => {
    const gone = counted({ outcome: 'timeout', sentence: 'the measurement did not end within 3 minutes' });
    expect(leaving({}, { measured: gone }).status?.next.breakdown).toEqual([
      {
        metric: 'error-rate',
        by: 'route',
        sentence: 'Not counted by route: the measurement did not end within 3 minutes.',
        compared: 0,
        values: [],
      },
    ]);
  });

  it('an answer about another release is not recorded', () => {
    const decision = leaving({}, { measured: { ...COUNTS, release: 'web-4' } });
    expect(decision.status?.next.breakdown).toBeUndefined();
  });

  const answers: SnapshotChange[] = [
    { measuring: true },
    { measured: COUNTS },
    { measured: counted({ outcome: 'serverError', sentence: 'Prometheus answers with HTTP 503' }) },
    {},
  ];

  it.each([
    { given: 'traffic still goes to the canary', status: { drainStartedAt: undefined }, weight: 5 },
    { given: 'weight 0 has just been written', status: { drainStartedAt: undefined }, weight: 0 },
    { given: 'the canary drains', status: {}, weight: 0 },
    { given: 'the canary has drained', status: { drainStartedAt: ago(100) }, weight: 0 },
  ])(
    'whatever answers or hangs, the same is done and said as without a breakdown: $given',
    ({ status, weight }) => {
      const change = Object.fromEntries(Object.entries(status)) as Partial<ReleaseStatus>;
      const without = leaving(change, { spec: PLAIN, weight });
      for (const answer of answers) {
        const decision = leaving(change, { ...answer, weight });
        expect(rest(decision)).toEqual(without.actions);
        const { breakdown, ...next } = decision.status?.next ?? {};
        expect(next).toEqual(without.status?.next);
        expect(decision.requeueAfterMs).toBe(without.requeueAfterMs);
        expect(decision.actions.slice(0, rest(decision).length)).toEqual(rest(decision));
        expect(breakdown === undefined).toBe(answer.measured === undefined);
      }
    },
  );
});
