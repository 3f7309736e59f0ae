import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import { conditionOf } from '../conditions.ts';
import { controllerOf } from '../ownership.ts';
import type { Pod } from '../kinds.ts';
import { Cluster, deployment, refusing } from '../../../test/support/workloads/cluster.ts';

describe('a ReplicaSet', () => {
  it('replaces a deleted pod', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 2 }));
    await cluster.advance(2000);
    const [victim] = cluster.pods();
    cluster.store.delete('pods', 'shop', victim?.metadata.name ?? '');
    await cluster.advance(2000);
    expect(cluster.readyPods()).toBe(2);
    expect(cluster.pods().map((pod) => pod.metadata.uid)).not.toContain(victim?.metadata.uid);
  });

  it('counts the pods that are on their way out', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 2 }));
    await cluster.advance(2000);
    cluster.edit('web', ({ spec }) => (spec.replicas = 1));
    await cluster.advance(50);
    expect(cluster.replicaSets()[0]?.status).toMatchObject({ replicas: 1, terminatingReplicas: 1 });
    expect(cluster.deployment().status).toMatchObject({ replicas: 1, terminatingReplicas: 1 });
    await cluster.advance(1000);
    expect(cluster.deployment().status).toMatchObject({ replicas: 1, terminatingReplicas: 0 });
  });

  it('lets a pod go whose labels stop matching, makes another, and takes the first back when they match again', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 1 }));
    await cluster.advance(2000);
    const name = cluster.pods()[0]?.metadata.name ?? '';
    const relabel = (app: string): void =>
      cluster.edit<Pod>(name, (pod) => (pod.metadata.labels = { ...pod.metadata.labels, app }), 'pods');
    relabel('away');
    await cluster.advance(2000);
    expect(controllerOf(cluster.get('pods', name) as KubeObject)).toBeUndefined();
    expect(cluster.readyPods()).toBe(2);
    relabel('web');
    await cluster.advance(2000);
    expect(cluster.readyPods()).toBe(1);
  });

  it('scaled by hand is scaled back by its Deployment', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 2 }));
    await cluster.advance(2000);
    const [rs] = cluster.replicaSets();
    if (rs === undefined) throw new Error('no ReplicaSet');
    cluster.store.update('replicasets.apps', { ...rs, spec: { ...rs.spec, replicas: 4 } });
    await cluster.advance(2000);
    expect(cluster.sizes).toEqual(['2', '4', '2']);
    expect(cluster.readyPods()).toBe(2);
  });

  it('comes back under the same name when it is deleted', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 2 }));
    await cluster.advance(2000);
    const [before] = cluster.replicaSets();
    cluster.store.delete('replicasets.apps', 'shop', before?.metadata.name ?? '');
    await cluster.advance(3000);
    const [after] = cluster.replicaSets();
    expect(after?.metadata.name).toBe(before?.metadata.name);
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(cluster.readyPods()).toBe(2);
  });
});

describe('a ReplicaSet whose pods are refused', () => {
  it('says so, up to the Deployment, and recovers when there is room', async () => {
    let full = true;
    const cluster = new Cluster({ between: refusing((resource) => full && resource === 'pods') });
    cluster.create('deployments.apps', deployment('web', { replicas: 2 }));
    await cluster.advance(3000);
    const failure = {
      status: 'True',
      reason: 'FailedCreate',
      message: 'it is forbidden: exceeded quota',
    };
    expect(conditionOf(cluster.replicaSets()[0]?.status, 'ReplicaFailure')).toMatchObject(failure);
    expect(conditionOf(cluster.deployment().status, 'ReplicaFailure')).toMatchObject(failure);
    full = false;
    await cluster.advance(20_000);
    expect(cluster.readyPods()).toBe(2);
    expect(cluster.condition('ReplicaFailure')).toBe('absent');
    expect(cluster.condition('Progressing')).toBe('True/NewReplicaSetAvailable');
  });
});
