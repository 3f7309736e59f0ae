import { describe, expect, it } from 'vitest';
import {
  Cluster,
  deployment,
  NEVER_READY,
  refusing,
  release,
} from '../../../test/support/workloads/cluster.ts';

async function running(spec: Parameters<typeof deployment>[1], schedule = true): Promise<Cluster> {
  const cluster = new Cluster({ schedule });
  cluster.create('deployments.apps', deployment('web', spec));
  await cluster.advance(2000);
  cluster.sizes.length = 0;
  return cluster;
}

/** 20 to 24 ms, so that pods become ready while syncs for other pods are running. */
function jitter(seed: number): () => number {
  let state = seed;
  return () => 20 + ((state = (state * 16807) % 2147483647) % 5);
}

describe('a new Deployment', () => {
  it('gets one ReplicaSet named after its template, with size and revision noted on it', async () => {
    const cluster = await running({ replicas: 3 });
    const [rs] = cluster.replicaSets();
    const hash = rs?.metadata.labels?.['pod-template-hash'] ?? '';
    expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]+$/);
    expect(rs?.metadata.name).toBe(`web-${hash}`);
    expect(rs?.metadata.annotations).toEqual({
      'deployment.kubernetes.io/revision': '1',
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
    });
    expect(cluster.deployment().metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });
    expect(cluster.deployment().metadata.generation).toBe(1);
  });

  it('reports completion only once all pods are available', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 2 }));
    await cluster.advance(200);
    expect(cluster.condition('Available')).toBe('False/MinimumReplicasUnavailable');
    expect(cluster.condition('Progressing')).toBe('True/ReplicaSetUpdated');
    await cluster.advance(1000);
    expect(cluster.condition('Available')).toBe('True/MinimumReplicasAvailable');
    expect(cluster.condition('Progressing')).toBe('True/NewReplicaSetAvailable');
    expect(cluster.deployment().status).toEqual({
      conditions: expect.anything() as unknown,
      observedGeneration: 1,
      replicas: 2,
      updatedReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      terminatingReplicas: 0,
    });
  });
});

describe('a ReplicaSet that cannot be made', () => {
  it('because its name is taken gets another name', async () => {
    const namesake = new Cluster();
    namesake.create('deployments.apps', deployment('web'));
    await namesake.advance(1000);
    const taken = namesake.replicaSets()[0]?.metadata.name ?? '';
    const cluster = new Cluster();
    const labels = { app: 'other' };
    cluster.create('replicasets.apps', {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: taken },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'other:1' }] } },
      },
    });
    cluster.create('deployments.apps', deployment('web'));
    await cluster.advance(2000);
    expect(cluster.deployment().status).toMatchObject({ collisionCount: 1, availableReplicas: 3 });
    expect(cluster.replicaSets().map((rs) => rs.metadata.name)).toHaveLength(2);
  });

  it('because the API refuses says so in the Progressing condition until it can', async () => {
    let refused = true;
    const between = refusing((resource) => refused && resource === 'replicasets.apps');
    const cluster = new Cluster({ between });
    cluster.create('deployments.apps', deployment('web'));
    await cluster.advance(2000);
    expect(cluster.condition('Progressing')).toBe('False/ReplicaSetCreateError');
    refused = false;
    await cluster.advance(20_000);
    expect(cluster.condition('Progressing')).toBe('True/NewReplicaSetAvailable');
  });
});

describe('a rolling update', () => {
  it.each([true, false])('of four moves one pod at a time (scheduler: %s)', async (schedule) => {
    const cluster = await running({ replicas: 4 }, schedule);
    cluster.edit('web', release('app:2'));
    await cluster.advance(10_000);
    expect(cluster.sizes.filter((sizes) => sizes.includes(','))).toEqual([
      '4,1',
      '3,1',
      '3,2',
      '2,2',
      '2,3',
      '1,3',
      '1,4',
      '0,4',
    ]);
    expect(cluster.condition('Progressing')).toBe('True/NewReplicaSetAvailable');
    expect(cluster.deployment().status).toMatchObject({
      replicas: 4,
      updatedReplicas: 4,
      observedGeneration: 2,
    });
  });

  it.each([
    { name: 'surge only', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }, most: 5, least: 4 },
    { name: 'unavailable only', rollingUpdate: { maxSurge: 0, maxUnavailable: '50%' }, most: 4, least: 2 },
  ])('with $name stays within its limits', async ({ rollingUpdate, most, least }) => {
    const cluster = await running({ replicas: 4, strategy: { type: 'RollingUpdate', rollingUpdate } });
    let fewest = 4;
    cluster.store.watch(() => (fewest = Math.min(fewest, cluster.readyPods())));
    cluster.edit('web', release('app:2'));
    await cluster.advance(10_000);
    const totals = cluster.sizes.map((sizes) =>
      sizes.split(',').reduce((sum, size) => sum + Number(size), 0),
    );
    expect(Math.max(...totals)).toBeLessThanOrEqual(most);
    expect(fewest).toBeGreaterThanOrEqual(least);
    expect(cluster.sizes.at(-1)).toBe('0,4');
  });

  it('keeps enough pods ready however they become ready together', async () => {
    const fewest: number[] = [];
    for (let seed = 1; seed <= 4; seed++) {
      const cluster = new Cluster({ readyAfter: jitter(seed) });
      const rollingUpdate = { maxSurge: 3, maxUnavailable: 2 };
      cluster.create('deployments.apps', deployment('web', { replicas: 10, strategy: { rollingUpdate } }));
      await cluster.advance(1000);
      let least = cluster.readyPods();
      cluster.store.watch(({ resource }) => {
        if (resource === 'pods') least = Math.min(least, cluster.readyPods());
      });
      cluster.edit('web', release('app:2'));
      await cluster.advance(1000);
      fewest.push(least);
      expect(cluster.sizes.at(-1)).toBe('0,10');
    }
    expect(Math.min(...fewest)).toBeGreaterThanOrEqual(8);
  });

  it('drops half-made ReplicaSets first when a third template comes', async () => {
    const cluster = await running({ replicas: 4 });
    cluster.edit('web', release('app:2', NEVER_READY));
    await cluster.advance(3000);
    expect(cluster.sizes.at(-1)).toBe('3,2');
    cluster.edit('web', release('app:3'));
    await cluster.advance(10_000);
    expect(cluster.sizes.at(-1)).toBe('0,0,4');
    expect(cluster.sizes).toContain('3,0,2');
  });

  it('that goes back reuses the old ReplicaSet under a new revision and remembers the old one', async () => {
    const cluster = await running({ replicas: 2 });
    cluster.edit('web', release('app:2'));
    await cluster.advance(5000);
    cluster.edit('web', release('app:1'));
    await cluster.advance(5000);
    const [first] = cluster.replicaSets();
    expect(cluster.sizes.at(-1)).toBe('2,0');
    expect(first?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
  });
});

describe('Recreate', () => {
  it('never runs two versions at once', async () => {
    const cluster = await running({ replicas: 3, strategy: { type: 'Recreate' } });
    const seen = new Set<string>();
    cluster.store.watch(() => {
      const images = cluster.pods().map((pod) => pod.spec.containers[0]?.image ?? '');
      seen.add([...new Set(images)].sort().join('+'));
    });
    cluster.edit('web', release('app:2'));
    await cluster.advance(10_000);
    expect([...seen]).toEqual(['app:1', '', 'app:2']);
    expect(cluster.deployment().status).toMatchObject({ updatedReplicas: 3, availableReplicas: 3 });
  });
});

describe('the history', () => {
  it('keeps as many old ReplicaSets as asked for', async () => {
    const cluster = await running({ replicas: 1, revisionHistoryLimit: 2 });
    for (const image of ['app:2', 'app:3', 'app:4', 'app:5']) {
      cluster.edit('web', release(image));
      await cluster.advance(5000);
    }
    const revisions = cluster
      .replicaSets()
      .map((rs) => rs.metadata.annotations?.['deployment.kubernetes.io/revision']);
    expect(revisions).toEqual(['3', '4', '5']);
  });

  it('of an orphaned ReplicaSet goes on in a Deployment with its template', async () => {
    const cluster = await running({ replicas: 2 });
    const pods = cluster.pods().map((pod) => pod.metadata.uid);
    cluster.store.delete('deployments.apps', 'shop', 'web', { propagationPolicy: 'Orphan' });
    await cluster.advance(1000);
    expect(cluster.replicaSets()[0]?.metadata.ownerReferences ?? []).toEqual([]);
    cluster.create('deployments.apps', deployment('web', { replicas: 2 }));
    await cluster.advance(1000);
    expect(cluster.replicaSets()).toHaveLength(1);
    expect(cluster.replicaSets()[0]?.metadata.ownerReferences?.[0]?.uid).toBe(
      cluster.deployment().metadata.uid,
    );
    expect(cluster.pods().map((pod) => pod.metadata.uid)).toEqual(pods);
  });
});

describe('scaling in the middle of a stuck rollout', () => {
  it('is shared out between the ReplicaSets', async () => {
    const cluster = await running({
      replicas: 10,
      strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
    });
    cluster.edit('web', release('app:2', NEVER_READY));
    await cluster.advance(3000);
    expect(cluster.sizes.at(-1)).toBe('8,5');
    cluster.edit('web', ({ spec }) => (spec.replicas = 15));
    await cluster.advance(3000);
    expect(cluster.sizes.at(-1)).toBe('11,7');
    cluster.edit('web', ({ spec }) => (spec.replicas = 0));
    await cluster.advance(3000);
    expect(cluster.sizes.at(-1)).toBe('0,0');
  });
});

describe('minReadySeconds', () => {
  it('delays availability, not readiness', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 2, minReadySeconds: 5 }));
    await cluster.advance(2000);
    expect(cluster.deployment().status).toMatchObject({ readyReplicas: 2, unavailableReplicas: 2 });
    await cluster.advance(5000);
    expect(cluster.deployment().status).toMatchObject({ readyReplicas: 2, availableReplicas: 2 });
    expect(cluster.condition('Progressing')).toBe('True/NewReplicaSetAvailable');
  });
});
