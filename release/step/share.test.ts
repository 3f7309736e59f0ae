import { describe, expect, it } from 'vitest';
import { SHARE } from '../../api/analysis.ts';
import type { KubeObject } from '../../api/kube.ts';
import { lintRelease } from '../../api/linter.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { ReleaseSpec } from '../../api/kinds/release/spec.ts';
import type { ReleaseStatus, TrafficShare } from '../../api/kinds/release/status.ts';
import { ago, aRoute, aSnapshot, changed, doing, NOW, REWRITE } from '../../test/support/builders.ts';
import {
  aRelease,
  FIRST_WINDOW,
  HARM,
  measured,
  SAFE,
  underWay,
} from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';
import type { MeasureResult } from '../../api/measuring.ts';
import type { Decision } from '../model.ts';

const QUERIES = { canary: 'requests{s="{{canaryService}}"}', stable: 'requests{s="{{stableService}}"}' };
type Preset = NonNullable<ReleaseSpec['traffic']>['preset'];
const PRESET: Preset = { name: 'istio', because: 'Istio serves it', requests: QUERIES };

const SINCE = ago(200);
/** A window that begins when the scrapes of the weight before are over. */
const WINDOW = { startMs: NOW - 60_000, endMs: NOW - 45_000 };

interface Shape {
  /** no window has been measured yet */
  first?: true;
  status?: Partial<ReleaseStatus>;
  preset?: Preset | null;
  annotations?: Record<string, string>;
  policy?: Partial<ReleasePolicy>;
  route?: KubeObject;
}

const objects = ({
  first,
  status,
  preset = PRESET,
  annotations = {},
  policy,
  route,
}: Shape): KubeObject[] => {
  const traffic = {
    provider: 'gateway',
    service: 'web',
    canaryService: 'web-canary',
    routes: [{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', name: 'web' }],
    rewrite: REWRITE,
    ...(preset === null ? {} : { preset }),
  };
  const analysis = {
    version: 1 as const,
    step: 0,
    gaps: 0,
    metrics: {},
    verdicts: [],
    measuredUntilMs: WINDOW.startMs,
  };
  const release = aRelease({
    recorded: true,
    spec: { traffic },
    annotations,
    ...(policy === undefined ? {} : { policy }),
    status: {
      weightObservedAt: SINCE,
      targetGeneration: 5,
      ...(first === true ? {} : { analysis }),
      ...status,
    },
  });
  return [release, ...(route === undefined ? [] : [route])].reduce(changed, underWay());
};

const look = (shape: Shape, result?: MeasureResult): Decision =>
  decide(aSnapshot(objects(shape), result === undefined ? {} : { measured: result }));

/** The window with the given metric and this many requests of each arm. */
const counted = (
  canary: number,
  stable: number,
  of: Parameters<typeof measured>[1] = SAFE,
  window = WINDOW,
) => {
  const result = measured(window, of);
  const share = { metric: SHARE, window, outcome: 'ok', kind: 'share', canary, stable } as const;
  return { ...result, measurements: [...result.measurements, share] };
};

const shareOf = (decision: Decision): TrafficShare | undefined => decision.status?.next.share;
const policy = (
  maxDurationMs: number,
  onInconclusive: 'wait' | 'extend' | 'rollback' | 'promote' = 'wait',
) => ({
  onInconclusive,
  steps: [
    { weight: 5, minDurationMs: 30_000, maxDurationMs, pause: false },
    { weight: 50, minDurationMs: 30_000, maxDurationMs, pause: false },
  ],
});

describe('what is counted', () => {
  const job = (shape: Shape) => {
    const [action] = look(shape).actions;
    if (action?.do !== 'measure') throw new Error('nothing is measured');
    return action.job.share;
  };

  it('is named in the measurement, by the queries the release was begun with', () => {
    expect(job({})).toEqual({ source: 'prometheus/default', ...QUERIES });
  });

  it('is the total of a metric where the templates bring their own queries', () => {
    const preset = { name: 'template', because: 'of its own', metric: 'error-rate', requests: QUERIES };
    expect(job({ preset })).toEqual({ source: 'prometheus/default', ...QUERIES, metric: 'error-rate' });
    expect(shareOf(look({ preset }, counted(50, 950)))?.reason).toBe('TrafficShareVerified');
  });

  it('is nothing where nothing counts, or a release of an earlier version goes on', () => {
    expect(job({ preset: { name: 'none', because: 'nobody counts' } })).toBeUndefined();
    expect(job({ preset: null })).toBeUndefined();
  });
});

describe('a share as wanted', () => {
  it('lets the step pass, and is written down', () => {
    const decision = look({}, counted(50, 950));
    expect(decision).toMatchObject({ reason: 'StepPassed', status: { next: { step: 1 } } });
    expect(shareOf(decision)).toMatchObject({ reason: 'TrafficShareVerified', wanted: 5, since: SINCE });
  });

  it('is added to what was counted before', () => {
    const first = shareOf(look({}, counted(5, 95, 'noData')));
    const next = look({ status: { share: first! } }, counted(6, 94));
    expect(shareOf(next)).toMatchObject({ canary: 11, stable: 189 });
  });
});

describe('too little traffic at the canary', () => {
  const starving = counted(0, 2000);

  it('holds up a step that has proven itself otherwise; analysis goes on', () => {
    const decision = look({ policy: policy(300_000) }, starving);
    expect(decision.reason).toBe('TrafficShareNone');
    expect(decision.status?.next).toMatchObject({
      phase: 'Progressing',
      step: 0,
      verdict: { result: 'pass' },
    });
    expect(doing(decision)).toEqual(['measure']);
  });

  it.each(['wait', 'rollback', 'promote'] as const)(
    'asks a human when the time is up (%s)',
    (onInconclusive) => {
      const decision = look({ policy: policy(150_000, onInconclusive) }, counted(20, 1980));
      expect(decision.reason).toBe('TrafficShareTooLow');
      expect(decision.status?.next).toMatchObject({ phase: 'Waiting', step: 0 });
      expect(decision.sentence).toContain(
        'After 2m30s the requests do not fit the weight: The canary gets 1% of 2000',
      );
      expect(doing(decision)).toContain('event TrafficShareTooLow');
    },
  );

  it('a human may let the step go on', () => {
    const annotations = { 'sluice.dev/resumed-step': '0' };
    expect(look({ policy: policy(150_000), annotations }, starving).status?.next.step).toBe(1);
  });

  it('does not stand before harm', () => {
    expect(look({}, counted(0, 2000, HARM)).reason).toBe('HarmDetected');
  });

  it('of an earlier weight is forgotten', () => {
    const share = { ...shareOf(look({}, starving))!, since: ago(500) };
    expect(look({ status: { share } }, counted(50, 950)).reason).toBe('StepPassed');
  });
});

describe('too much traffic at the canary', () => {
  const flood = look({}, counted(500, 500));

  it('is taken away at once', () => {
    expect(flood.reason).toBe('TrafficShareTooHigh');
    expect(doing(flood)).toEqual(['jsonPatch HTTPRoute/web: take all traffic off the canary']);
    expect(flood.status?.next).toMatchObject({ phase: 'RollingBack', share: { canary: 500 } });
  });

  it('the status of it is sound', () => {
    const [release] = objects({})
      .filter(({ kind }) => kind === 'Release')
      .slice(-1);
    const next = { ...(release as unknown as Release), status: flood.status!.next };
    expect(lintRelease(next)).toEqual([]);
  });
});

describe('what cannot be verified', () => {
  const why = (decision: Decision) => [
    decision.status?.next.step,
    shareOf(decision)?.reason,
    shareOf(decision)?.sentence,
  ];

  it.each([
    ['too few requests', {}, counted(0, 60), 'yet: 60 requests were counted'],
    [
      'no answer',
      {},
      { ...counted(0, 0), measurements: measured(WINDOW, SAFE).measurements },
      'the last window was not counted',
    ],
    [
      'nobody counts',
      { preset: { name: 'none', because: 'Sluice has no queries for x' } },
      counted(0, 9999),
      'Sluice has no queries for x',
    ],
    [
      'counts of pods',
      { preset: { name: 'replicas', because: 'pods' } },
      counted(0, 9999),
      'preset replicas do not count',
    ],
    [
      'a release of an earlier version',
      { preset: null },
      counted(0, 9999),
      'by a version that did not count',
    ],
    [
      'sessions that stick',
      { route: withAffinity(aRoute(5)) },
      counted(0, 9999),
      'HTTPRoute web keeps each session on the pod where it began',
    ],
  ] as [string, Shape, MeasureResult, string][])('%s holds nothing up', (_, shape, result, words) => {
    const [step, reason, sentence] = why(look(shape, result));
    expect([step, reason]).toEqual([1, 'TrafficShareUnverified']);
    expect(sentence).toContain(words);
  });

  it('the first windows after a weight was set are not counted: scrapes may hold requests from before', () => {
    const decision = look({ first: true }, counted(900, 100, SAFE, FIRST_WINDOW));
    expect(why(decision)).toEqual([1, 'TrafficShareUnverified', expect.stringContaining('from before')]);
  });
});

function withAffinity(route: KubeObject): KubeObject {
  const annotations = { 'nginx.ingress.kubernetes.io/affinity': 'cookie' };
  return { ...route, metadata: { ...route.metadata, annotations } };
}
