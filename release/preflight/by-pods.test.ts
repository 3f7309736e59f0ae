import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { NOTHING_WANTED } from '../../providers/shared/wants.ts';
import { aDeployment, aPod, aReplicaSet, aService, madeFor } from '../../test/support/objects.ts';
import { backend, httpRoute, rule } from '../../test/support/routes.ts';
import { discoverTraffic } from './discover.ts';
import type { DiscoveryInput } from './types.ts';

const labels = { app: 'web' };
const target = aDeployment('web', labels);
const replicaSet = aReplicaSet(target);

/** A target with one Service and one ready pod, delivered by the number of pods. */
function discover(change: Partial<DiscoveryInput> = {}) {
  return discoverTraffic({
    target,
    policyProvider: 'replicas',
    wants: NOTHING_WANTED,
    annotations: {},
    services: [aService('web', labels)],
    routes: [],
    deployments: [target],
    replicaSets: [replicaSet],
    pods: [aPod(replicaSet, labels)],
    ...change,
  });
}

function found(change: Partial<DiscoveryInput> = {}) {
  const got = discover(change);
  if (!got.ok) throw new Error(got.refusals.map(({ sentence }) => sentence).join('\n'));
  return { ...got.traffic, stableService: got.traffic.stableService?.metadata.name };
}

const ADDED = { 'sluice.dev/track': { to: 'canary' } };

describe('without a router', () => {
  test('the Service is shared, none is made and no route is touched', () => {
    const routes = [httpRoute('shop', [rule('/', [backend('web')])])];
    const want = { provider: 'replicas', stableService: 'web', routes: [], rewrite: ADDED };
    expect(found()).toEqual(want);
    expect(found({ routes })).toEqual(want);
    expect(found({ policyProvider: 'auto', annotations: { 'sluice.dev/provider': 'replicas' } })).toEqual(
      want,
    );
  });

  test('several Services are no choice: all of them are shared', () => {
    const services = [aService('b', labels), aService('a', labels)];
    expect(found({ services })).toMatchObject({ stableService: 'b', rewrite: ADDED });
    expect(found({ services, annotations: { 'sluice.dev/service': 'a' } }).stableService).toBe('a');
  });

  test('workers of a queue need no Service at all, and have a label of their own', () => {
    expect(found({ services: [] })).toEqual({
      provider: 'replicas',
      stableService: undefined,
      routes: [],
      rewrite: { app: { from: 'web', to: 'web-canary' } },
    });
  });

  test('pods of a canary Sluice made for this target are nobody else’s', () => {
    const canary = aDeployment('web-canary', labels, { metadata: madeFor(target) });
    const set = aReplicaSet(canary);
    const more = (deployment: KubeObject) => ({
      deployments: [target, deployment],
      replicaSets: [replicaSet, set],
      pods: [aPod(replicaSet, labels), aPod(set, labels)],
    });
    expect(found(more(canary)).stableService).toBe('web');
    const labelled = { labels: madeFor(target).labels ?? {} };
    const stranger = aDeployment('web-canary', labels, { metadata: labelled });
    expect(discover(more(stranger))).toMatchObject({ refusals: [{ reason: 'SharedService' }] });
  });

  test('auto never comes to this', () => {
    expect(discover({ policyProvider: 'auto' })).toMatchObject({ ok: false });
  });
});

describe('what is refused', () => {
  test.each<{ what: string; change: Partial<DiscoveryInput>; reason: string; words: string }>([
    {
      what: 'a list of routes',
      change: { annotations: { 'sluice.dev/route': 'shop' } },
      reason: 'NoRoute',
      words: 'provider replicas splits no route; remove the annotation',
    },
    {
      what: 'a Service named that is not there',
      change: { annotations: { 'sluice.dev/service': 'gone' } },
      reason: 'NoService',
      words: 'Service gone does not exist',
    },
    {
      what: 'copies',
      change: { wants: { total: 100, mirror: 100 } },
      reason: 'StrategyUnsupported',
      words: 'spec.mirror',
    },
    {
      what: 'a number of canary pods',
      change: { wants: { total: 100, fixedReplicas: true } },
      reason: 'StrategyUnsupported',
      words: 'canaryReplicas',
    },
    {
      what: 'a Service that would select canary pods alone',
      change: { services: [aService('web', labels), aService('odd', { 'sluice.dev/track': 'canary' })] },
      reason: 'UnusableService',
      words: 'Service odd would also select the canary pods',
    },
    {
      what: 'a Service the new template leaves',
      change: {
        target: aDeployment('web', { app: 'web' }, { metadata: { uid: 'uid-deployment-web' } }),
        services: [aService('web', { app: 'web', tier: 'front' })],
        pods: [aPod(replicaSet, { app: 'web', tier: 'front' })],
      },
      reason: 'UnusableService',
      words: 'tier=front',
    },
  ])('$what', ({ change, reason, words }) => {
    const got = discover(change);
    if (got.ok) throw new Error('accepted');
    expect(got.refusals).toMatchObject([{ reason }]);
    expect(got.refusals[0]?.sentence).toContain(words);
  });
});
