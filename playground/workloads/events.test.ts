import { describe, expect, it } from 'vitest';
import { Cluster, deployment, release } from '../../test/support/workloads/cluster.ts';

describe('the Events of a Deployment', () => {
  it('tell how its ReplicaSets were scaled', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 1 }));
    await cluster.advance(2000);
    cluster.edit('web', release('app:2'));
    await cluster.advance(5000);
    const events = cluster.store
      .list('events', 'shop')
      .filter((event) => event['reason'] === 'ScalingReplicaSet');
    const said = events.map((event) => String(event['message']).replace(/web-\w+/, 'X'));
    expect(said.sort()).toEqual([
      'Scaled down replica set X from 1 to 0',
      'Scaled up replica set X from 0 to 1',
      'Scaled up replica set X from 0 to 1',
    ]);
    expect(events[0]?.['involvedObject']).toMatchObject({
      kind: 'Deployment',
      name: 'web',
      namespace: 'shop',
    });
  });

  it('count what happens again', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 1 }));
    await cluster.advance(2000);
    for (const replicas of [2, 1, 2, 1]) {
      cluster.edit('web', ({ spec }) => (spec.replicas = replicas));
      await cluster.advance(2000);
    }
    const counts = cluster.store.list('events', 'shop').map((event) => event['count']);
    expect(counts.sort()).toEqual([1, 2, 2]);
  });
});
