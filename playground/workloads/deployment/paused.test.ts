import { describe, expect, it } from 'vitest';
import { conditionOf } from '../conditions.ts';
import { Cluster, deployment, release } from '../../../test/support/workloads/cluster.ts';

const LONG_AGO = '2001-01-01T00:00:00Z';

async function paused(replicas: number): Promise<Cluster> {
  const cluster = new Cluster();
  cluster.create('deployments.apps', deployment('web', { replicas }));
  await cluster.advance(2000);
  cluster.edit('web', ({ spec }) => (spec.paused = true));
  await cluster.advance(1000);
  cluster.sizes.length = 0;
  return cluster;
}

function resume(cluster: Cluster): void {
  cluster.edit('web', ({ spec }) => (spec.paused = false));
}

describe('a paused Deployment', () => {
  it('makes no ReplicaSet for a new template, and counts no pod as updated', async () => {
    const cluster = await paused(3);
    cluster.edit('web', release('app:2'));
    await cluster.advance(5000);
    expect(cluster.replicaSets()).toHaveLength(1);
    expect(cluster.condition('Progressing')).toBe('Unknown/DeploymentPaused');
    const { status } = cluster.deployment();
    expect(status).toMatchObject({ observedGeneration: 3, replicas: 3, availableReplicas: 3 });
    expect(status?.updatedReplicas).toBeUndefined();
  });

  it('still follows spec.replicas with its stable pods', async () => {
    const cluster = await paused(3);
    cluster.edit('web', release('app:2'));
    cluster.edit('web', ({ spec }) => (spec.replicas = 5));
    await cluster.advance(3000);
    expect(cluster.sizes).toEqual(['5']);
    expect(cluster.deployment().status?.availableReplicas).toBe(5);
    expect(cluster.pods().every((pod) => pod.spec.containers[0]?.image === 'app:1')).toBe(true);
  });

  it('replaces a stable pod that dies', async () => {
    const cluster = await paused(2);
    cluster.edit('web', release('app:2'));
    const [victim] = cluster.pods();
    cluster.store.delete('pods', 'shop', victim?.metadata.name ?? '');
    await cluster.advance(3000);
    expect(cluster.readyPods()).toBe(2);
    expect(cluster.pods().every((pod) => pod.spec.containers[0]?.image === 'app:1')).toBe(true);
  });

  it('says DeploymentResumed when it goes on, and then rolls out', async () => {
    const cluster = await paused(2);
    cluster.edit('web', release('app:2'));
    await cluster.advance(1000);
    const seen: string[] = [];
    cluster.store.watch(() => seen.push(cluster.condition('Progressing')));
    resume(cluster);
    await cluster.advance(5000);
    const order = seen.filter((condition, i) => condition !== seen[i - 1]);
    expect(order).toEqual([
      'Unknown/DeploymentPaused',
      'Unknown/DeploymentResumed',
      'True/ReplicaSetUpdated',
      'True/NewReplicaSetAvailable',
    ]);
    expect(cluster.sizes.at(-1)).toBe('0,2');
  });

  it('restarts nothing when the template is back at resuming', async () => {
    const cluster = await paused(2);
    const pods = cluster.pods().map((pod) => pod.metadata.uid);
    cluster.edit('web', release('app:2'));
    await cluster.advance(1000);
    cluster.edit('web', release('app:1'));
    await cluster.advance(1000);
    resume(cluster);
    await cluster.advance(5000);
    expect(cluster.pods().map((pod) => pod.metadata.uid)).toEqual(pods);
    expect(cluster.condition('Progressing')).toBe('True/NewReplicaSetAvailable');
    expect(cluster.deployment().metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('1');
  });

  it('makes an earlier template the newest revision without scaling it', async () => {
    const cluster = await paused(2);
    resume(cluster);
    cluster.edit('web', release('app:2'));
    await cluster.advance(5000);
    cluster.edit('web', ({ spec }) => (spec.paused = true));
    await cluster.advance(1000);
    cluster.sizes.length = 0;
    cluster.edit('web', release('app:1'));
    await cluster.advance(1000);
    const revisions = cluster
      .replicaSets()
      .map((rs) => rs.metadata.annotations?.['deployment.kubernetes.io/revision']);
    expect(revisions).toEqual(['3', '2']);
    expect(cluster.deployment().metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
    expect(new Set(cluster.sizes)).toEqual(new Set(['0,2']));
  });
});

describe('a failure written to the status of a paused Deployment', () => {
  const failure = {
    type: 'Progressing',
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
    message: 'set from outside',
    lastUpdateTime: LONG_AGO,
    lastTransitionTime: LONG_AGO,
  };

  async function failed(): Promise<Cluster> {
    const cluster = await paused(2);
    cluster.editStatus('web', (draft) => {
      const others = (draft.status?.conditions ?? []).filter(({ type }) => type !== 'Progressing');
      draft.status = { ...draft.status, conditions: [...others, failure] };
    });
    await cluster.advance(1000);
    return cluster;
  }

  it('survives scaling and template changes, message and times included', async () => {
    const cluster = await failed();
    cluster.edit('web', ({ spec }) => (spec.replicas = 3));
    await cluster.advance(2000);
    cluster.edit('web', release('app:2'));
    await cluster.advance(2000);
    expect(conditionOf(cluster.deployment().status, 'Progressing')).toEqual(failure);
    expect(cluster.deployment().status).toMatchObject({ availableReplicas: 3, observedGeneration: 4 });
  });

  it('gives way when the Deployment is resumed with a new template', async () => {
    const cluster = await failed();
    cluster.edit('web', release('app:2'));
    await cluster.advance(1000);
    resume(cluster);
    await cluster.advance(5000);
    expect(cluster.condition('Progressing')).toBe('True/NewReplicaSetAvailable');
  });

  it('leaves foreign condition types alone', async () => {
    const cluster = await failed();
    const foreign = { type: 'example.com/Verified', status: 'True', reason: 'Checked', message: '' };
    cluster.editStatus('web', (draft) => {
      draft.status = { ...draft.status, conditions: [...(draft.status?.conditions ?? []), foreign] };
    });
    cluster.edit('web', release('app:2'));
    resume(cluster);
    await cluster.advance(5000);
    expect(conditionOf(cluster.deployment().status, foreign.type)).toMatchObject({ reason: 'Checked' });
  });
});

describe('a held Deployment that is scaled to 0 and back', () => {
  async function scaledToNothing(revisionHistoryLimit: number): Promise<Cluster> {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 2, revisionHistoryLimit }));
    for (const image of ['app:2', 'app:1']) {
      await cluster.advance(5000);
      cluster.edit('web', release(image));
    }
    await cluster.advance(5000);
    cluster.edit('web', ({ spec }) => (spec.paused = true));
    cluster.edit('web', release('app:3'));
    await cluster.advance(1000);
    cluster.edit('web', ({ spec }) => (spec.replicas = 0));
    await cluster.advance(1000);
    return cluster;
  }

  it('comes back with the youngest ReplicaSet, even if another one was stable', async () => {
    const cluster = await scaledToNothing(10);
    cluster.edit('web', ({ spec }) => (spec.replicas = 2));
    await cluster.advance(2000);
    expect(cluster.pods().map((pod) => pod.spec.containers[0]?.image)).toEqual(['app:2', 'app:2']);
  });

  it('loses its stable ReplicaSet where no history is kept', async () => {
    const cluster = await scaledToNothing(0);
    expect(cluster.replicaSets()).toEqual([]);
    cluster.edit('web', ({ spec }) => (spec.replicas = 2));
    await cluster.advance(2000);
    expect(cluster.pods()).toEqual([]);
  });
});
