import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { aTrafficContext, percent } from '../../test/support/traffic.ts';
import { armVariables, renderQuery } from '../../api/query.ts';
import { OFF } from '../provider.ts';
import type { TrafficContext, Wants } from '../provider.ts';
import { replicas, shareOf } from './replicas.ts';
import { replicasPresets } from './presets.ts';

const reach = (weight: number, stable: number) => replicas.steering.reached(weight, stable);

describe('a weight becomes the nearest share that whole pods make', () => {
  it.each([
    { weight: 5, stable: 6, pods: 1, share: 14.29 },
    { weight: 25, stable: 6, pods: 2, share: 25 },
    { weight: 50, stable: 6, pods: 6, share: 50 },
    { weight: 5, stable: 20, pods: 1, share: 4.76 },
    { weight: 10, stable: 20, pods: 2, share: 9.09 },
    { weight: 33.3, stable: 2, pods: 1, share: 33.33 },
    { weight: 5, stable: 1, pods: 1, share: 50 },
    { weight: 75, stable: 4, pods: 12, share: 75 },
    { weight: 0.01, stable: 500, pods: 1, share: 0.2 },
    { weight: 0, stable: 6, pods: 0, share: 0 },
  ])('$weight of $stable stable pods is $pods pods, $share%', ({ weight, stable, pods, share }) => {
    expect(reach(weight, stable)).toEqual({ pods, share });
  });

  // 1 of 6 is 16.67, 2 of 7 is 28.57; their middle is 22.62
  it('takes the smaller of two that are equally near', () => {
    expect(reach(22.61, 5)?.pods).toBe(1);
    expect(reach(22.62, 5)?.pods).toBe(2);
    // 1 of 4 is 25, 2 of 5 is 40: 32.5 is the middle
    expect(reach(32.5, 3)).toEqual({ pods: 1, share: 25 });
  });

  const WEIGHT = fc.integer({ min: 1, max: 9_900 }).map((hundredths) => hundredths / 100);
  const STABLE = fc.integer({ min: 1, max: 300 });

  test('no other number of pods comes nearer', () => {
    fc.assert(
      fc.property(WEIGHT, STABLE, (weight, stable) => {
        const { pods = 0 } = reach(weight, stable) ?? {};
        const off = (count: number) => Math.abs((100 * count) / (count + stable) - weight);
        expect(pods).toBeGreaterThanOrEqual(1);
        for (const other of [pods - 1, pods + 1].filter((count) => count >= 1)) {
          expect(off(pods)).toBeLessThanOrEqual(off(other) + 1e-9);
        }
      }),
    );
  });

  test('more weight is never fewer pods, and half is as many as stable has', () => {
    fc.assert(
      fc.property(WEIGHT, WEIGHT, STABLE, (one, other, stable) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        expect(reach(less, stable)?.pods).toBeLessThanOrEqual(reach(more, stable)?.pods ?? 0);
        expect(reach(50, stable)).toEqual({ pods: stable, share: 50 });
      }),
    );
  });
});

test('what becomes of the weights is said in one sentence', () => {
  expect(replicas.steering.becomes([5, 25, 50, 25], 6)?.sentence).toBe(
    'weight 5 becomes 14.29 (1 canary pod), weight 25 is 2 canary pods, weight 50 is 6 canary pods',
  );
});

function canary(replicaCount: number, change: Partial<KubeObject['metadata']> = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web-canary', namespace: 'shop', uid: 'uid-canary', annotations: {}, ...change },
    spec: { replicas: replicaCount },
  };
}

function context(pods: Partial<NonNullable<TrafficContext['pods']>>, wants: Wants = { total: 100 }) {
  const none = { canary: undefined, names: [], stable: 6, ready: { canary: 0, stable: 6 } };
  return aTrafficContext([], { wants, pods: { ...none, ...pods } });
}

describe('what is observed is the share of the ready pods', () => {
  it.each([
    { name: 'none', wanted: 0, ready: [0, 6], weight: 0, acknowledged: 'yes' },
    { name: 'all that are wanted', wanted: 2, ready: [2, 6], weight: 25, acknowledged: 'yes' },
    { name: 'one is missing', wanted: 2, ready: [1, 6], weight: 14.29, acknowledged: 'pending' },
    { name: 'stable lost pods', wanted: 1, ready: [1, 3], weight: 25, acknowledged: 'yes' },
    { name: 'scaled to 0, still ready', wanted: 0, ready: [1, 6], weight: 14.29, acknowledged: 'pending' },
    { name: 'nobody is ready', wanted: 1, ready: [0, 0], weight: 0, acknowledged: 'pending' },
  ])('$name', ({ wanted, ready: [mine = 0, theirs = 0], weight, acknowledged }) => {
    const seen = replicas.observe(
      context({ canary: canary(wanted), ready: { canary: mine, stable: theirs } }),
    );
    expect(seen).toMatchObject({ weight, acknowledged });
    expect(seen.problem !== undefined).toBe(acknowledged === 'pending');
  });

  it('of a canary that does not exist is 0', () => {
    expect(replicas.observe(context({}))).toEqual({ weight: 0, acknowledged: 'yes' });
    expect(replicas.observe(aTrafficContext([]))).toEqual({ weight: 0, acknowledged: 'yes' });
  });
});

describe('the plan', () => {
  const names = ['web-canary-a', 'web-canary-b'];

  it('scales the canary it saw, and remembers who answered until then', () => {
    expect(replicas.plan(context({ canary: canary(2), names }), OFF)).toEqual([
      {
        verb: 'jsonPatch',
        ref: expect.objectContaining({ namespace: 'shop', name: 'web-canary' }) as unknown,
        patch: [
          { op: 'test', path: '/metadata/uid', value: 'uid-canary' },
          { op: 'add', path: '/spec/replicas', value: 0 },
          { op: 'add', path: '/metadata/annotations/sluice.dev~1pods', value: 'web-canary-a,web-canary-b' },
        ],
      },
    ]);
  });

  it('is one write even where somebody took every annotation away', () => {
    const bare = canary(2);
    delete bare.metadata.annotations;
    const [write] = replicas.plan(context({ canary: bare, names }), OFF);
    expect(write).toMatchObject({
      patch: [
        {},
        {},
        { path: '/metadata/annotations', value: { 'sluice.dev/pods': 'web-canary-a,web-canary-b' } },
      ],
    });
  });

  it('is empty where the number is right, or there is nothing to scale', () => {
    expect(replicas.plan(context({ canary: canary(1) }), percent(5))).toEqual([]);
    expect(replicas.plan(context({ canary: canary(0) }), OFF)).toEqual([]);
    expect(replicas.plan(context({}), percent(5))).toEqual([]);
  });

  it('follows the number of stable pods', () => {
    const scaled = (stable: number) =>
      replicas
        .plan(context({ canary: canary(1), stable }), percent(25))
        .map((write) => ('patch' in write && Array.isArray(write.patch) ? write.patch[1]?.value : undefined));
    expect([scaled(3), scaled(6), scaled(12)]).toEqual([[], [2], [4]]);
  });
});

describe('what needs a router is refused', () => {
  it.each<{ wants: Omit<Wants, 'total'>; words: string }>([
    { wants: { match: { headers: [], cookies: [] } }, words: 'spec.match' },
    { wants: { mirror: 10 }, words: 'spec.mirror' },
    { wants: { sticky: { cookie: 'c', maxAgeMs: 1 } }, words: 'spec.stickiness' },
    { wants: { fixedReplicas: true }, words: 'canaryReplicas' },
  ])('$words', ({ wants, words }) => {
    const refusals = replicas.refuse(context({}, { total: 100, ...wants }));
    expect(refusals.map(({ reason }) => reason)).toEqual(['StrategyUnsupported']);
    expect(refusals[0]?.sentence).toContain(words);
    expect(refusals[0]?.sentence).toMatch(/; (remove|use) |; remove it/);
  });

  it('and nothing else, fractions of a percent included', () => {
    expect(replicas.refuse(context({}, { total: 10_000 }))).toEqual([]);
  });
});

describe('the presets name pods one by one', () => {
  const variables = {
    namespace: 'shop',
    target: 'web',
    stableService: '',
    canaryService: '',
    stablePods: 'web-1-a,web-1-b',
    canaryPods: 'web-canary.1-x',
  };

  it('in both arms, escaped', () => {
    const { canary: mine, stable } = replicasPresets.errorRate;
    const render = (text: string, arm: 'canary' | 'stable') =>
      renderQuery(text, armVariables(variables, arm, 15_000));
    expect(render(mine.bad, 'canary')).toEqual({
      ok: true,
      query:
        'http_server_request_duration_seconds_count{namespace="shop",pod=~"web-canary\\\\.1-x",http_response_status_code=~"5.."}',
    });
    expect(render(stable.total, 'stable')).toEqual({
      ok: true,
      query: 'http_server_request_duration_seconds_count{namespace="shop",pod=~"web-1-a|web-1-b"}',
    });
  });

  it('and without any there is nothing to ask for', () => {
    const buckets = replicasPresets.latency?.canary.buckets ?? '';
    expect(renderQuery(buckets, { ...variables, canaryPods: '' })).toMatchObject({ problem: 'empty' });
  });
});

test('a share is a percentage with two decimals', () => {
  expect([shareOf(0, 0), shareOf(0, 5), shareOf(1, 2), shareOf(1, 6), shareOf(3, 0)]).toEqual([
    0, 0, 33.33, 14.29, 100,
  ]);
});
