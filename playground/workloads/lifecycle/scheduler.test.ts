import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import { conditionOf } from '../conditions.ts';
import type { Pod } from '../kinds.ts';
import { Cluster } from '../../../test/support/workloads/cluster.ts';

function pod(nodeSelector: Record<string, string>): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { nodeSelector, containers: [{ name: 'app', image: 'app:1' }] },
  };
}

describe('the scheduler', () => {
  it('binds a pod to the one node, which runs it', async () => {
    const cluster = new Cluster();
    cluster.create('pods', pod({ 'kubernetes.io/os': 'linux' }));
    await cluster.advance(2000);
    expect(cluster.pods()[0]?.spec.nodeName).toBe('playground');
    expect(cluster.readyPods()).toBe(1);
  });

  it('leaves a pod with an impossible nodeSelector Pending and says why', async () => {
    const cluster = new Cluster();
    cluster.create('pods', pod({ gpu: 'yes' }));
    await cluster.advance(2000);
    const [pending] = cluster.pods();
    expect(pending?.spec.nodeName).toBeUndefined();
    expect(pending?.status?.phase).toBe('Pending');
    expect(conditionOf(pending?.status, 'PodScheduled')).toMatchObject({
      status: 'False',
      reason: 'Unschedulable',
      message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    });
  });

  it('binds that pod once the node has the label', async () => {
    const cluster = new Cluster();
    cluster.create('pods', pod({ gpu: 'yes' }));
    await cluster.advance(1000);
    const node = cluster.store.get('nodes', undefined, 'playground') as KubeObject;
    node.metadata.labels = { ...node.metadata.labels, gpu: 'yes' };
    cluster.store.update('nodes', node);
    await cluster.advance(1000);
    expect(cluster.readyPods()).toBe(1);
    expect(conditionOf((cluster.pods()[0] as Pod).status, 'PodScheduled')).toMatchObject({ status: 'True' });
  });
});

describe('a cluster without a scheduler', () => {
  it('runs pods that have no node', async () => {
    const cluster = new Cluster({ schedule: false });
    cluster.create('pods', pod({}));
    await cluster.advance(1000);
    expect(cluster.readyPods()).toBe(1);
    expect(cluster.pods()[0]?.spec.nodeName).toBeUndefined();
  });

  it('runs no pod bound to a node that does not exist', async () => {
    const cluster = new Cluster({ schedule: false });
    const bound = pod({});
    bound.spec = { ...bound.spec, nodeName: 'nowhere' };
    cluster.create('pods', bound);
    await cluster.advance(1000);
    expect(cluster.readyPods()).toBe(0);
  });
});
