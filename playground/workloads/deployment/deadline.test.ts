import { describe, expect, it } from 'vitest';
import { Cluster, deployment, NEVER_READY, release } from '../../../test/support/workloads/cluster.ts';

async function stuck(): Promise<Cluster> {
  const cluster = new Cluster();
  cluster.create('deployments.apps', deployment('web', { replicas: 4, progressDeadlineSeconds: 30 }));
  await cluster.advance(2000);
  cluster.edit('web', release('app:2', NEVER_READY));
  return cluster;
}

describe('the progress deadline', () => {
  it('fails a rollout that stands still, and rolls nothing back', async () => {
    const cluster = await stuck();
    await cluster.advance(29_000);
    expect(cluster.condition('Progressing')).toBe('True/ReplicaSetUpdated');
    await cluster.advance(4000);
    expect(cluster.condition('Progressing')).toBe('False/ProgressDeadlineExceeded');
    expect(cluster.condition('Available')).toBe('True/MinimumReplicasAvailable');
    expect(cluster.sizes.at(-1)).toBe('3,2');
    expect(cluster.deployment().status).toMatchObject({
      replicas: 5,
      updatedReplicas: 2,
      unavailableReplicas: 2,
    });
  });

  it('is forgotten when a good template comes', async () => {
    const cluster = await stuck();
    await cluster.advance(60_000);
    cluster.edit('web', release('app:3'));
    await cluster.advance(10_000);
    expect(cluster.condition('Progressing')).toBe('True/NewReplicaSetAvailable');
  });

  it('does not run while a complete rollout merely loses pods', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 2, progressDeadlineSeconds: 5 }));
    await cluster.advance(2000);
    cluster.editStatus(
      cluster.pods()[0]?.metadata.name ?? '',
      (pod) => {
        for (const condition of pod.status?.conditions ?? []) condition.status = 'False';
      },
      'pods',
    );
    await cluster.advance(60_000);
    expect(cluster.condition('Available')).toBe('False/MinimumReplicasUnavailable');
    expect(cluster.condition('Progressing')).toBe('True/NewReplicaSetAvailable');
  });

  it('starts anew for a revision that comes back after a long rest', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 2, progressDeadlineSeconds: 30 }));
    await cluster.advance(2000);
    cluster.edit('web', release('app:2'));
    await cluster.advance(600_000);
    const seen = new Set<string>();
    cluster.store.watch(() => seen.add(cluster.condition('Progressing')));
    cluster.edit('web', release('app:1'));
    await cluster.advance(10_000);
    expect([...seen]).toEqual(['True/NewReplicaSetAvailable', 'True/ReplicaSetUpdated']);
  });

  it('leaves no condition where there is no deadline', async () => {
    const cluster = new Cluster();
    cluster.create(
      'deployments.apps',
      deployment('web', { replicas: 1, progressDeadlineSeconds: 2147483647 }),
    );
    await cluster.advance(2000);
    expect(cluster.condition('Progressing')).toBe('absent');
    expect(cluster.condition('Available')).toBe('True/MinimumReplicasAvailable');
  });
});
