import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import type { PodReport, PodRuntime } from '../../apiserver/contract.ts';
import { Cluster } from '../../../test/support/workloads/cluster.ts';

function pod(annotations: Record<string, string> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', annotations },
    spec: { containers: [{ name: 'app', image: 'app:1' }] },
  };
}

async function started(annotations?: Record<string, string>): Promise<Cluster> {
  const cluster = new Cluster();
  cluster.create('pods', pod(annotations));
  await cluster.advance(250);
  return cluster;
}

describe('a pod of the fake runtime', () => {
  it('is ready after 300 ms, with an address', async () => {
    const cluster = await started();
    expect(cluster.readyPods()).toBe(0);
    await cluster.advance(100);
    expect(cluster.readyPods()).toBe(1);
    expect(cluster.pods()[0]?.status?.podIP).toMatch(/^10\.244\./);
  });

  it('is ready when its annotation says so', async () => {
    const cluster = await started({ 'fake/ready-ms': '5000' });
    await cluster.advance(4500);
    expect(cluster.readyPods()).toBe(0);
    await cluster.advance(500);
    expect(cluster.readyPods()).toBe(1);
  });

  it('that is never ready has no address', async () => {
    const cluster = await started({ 'fake/never-ready': 'true' });
    await cluster.advance(600_000);
    expect(cluster.pods()[0]?.status).not.toHaveProperty('podIP');
  });

  it('that crashes restarts at once, then waits in CrashLoopBackOff ever longer', async () => {
    const cluster = await started({ 'fake/crash-after-ms': '2000' });
    const container = () => cluster.pods()[0]?.status?.containerStatuses?.[0];
    await cluster.advance(2000);
    expect(container()).toMatchObject({
      restartCount: 1,
      state: { running: {} },
      lastState: { terminated: { exitCode: 1 } },
    });
    await cluster.advance(2000);
    expect(container()).toMatchObject({
      restartCount: 1,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
    });
    expect(cluster.readyPods()).toBe(0);
    await cluster.advance(10_500);
    expect(container()).toMatchObject({ restartCount: 2 });
    expect(cluster.readyPods()).toBe(1);
    await cluster.advance(17_000);
    expect(cluster.readyPods()).toBe(0);
    await cluster.advance(5500);
    expect(cluster.readyPods()).toBe(1);
  });

  it('that crashes before it is ready is never ready', async () => {
    const cluster = await started({ 'fake/crash-after-ms': '100' });
    let ready = 0;
    cluster.store.watch(() => (ready = Math.max(ready, cluster.readyPods())));
    await cluster.advance(120_000);
    expect(ready).toBe(0);
    expect(cluster.pods()[0]?.status?.containerStatuses?.[0]?.restartCount).toBe(4);
  });
});

describe('a deleted pod', () => {
  it('stays until its runtime has stopped it', async () => {
    const cluster = await started();
    await cluster.advance(1000);
    cluster.store.delete('pods', 'shop', 'p');
    await cluster.advance(50);
    expect(cluster.pods()[0]?.metadata.deletionTimestamp).toBeDefined();
    await cluster.advance(200);
    expect(cluster.pods()).toEqual([]);
  });

  it('reports nothing after it is gone', async () => {
    const cluster = await started();
    cluster.store.delete('pods', 'shop', 'p', { gracePeriodSeconds: 0 });
    await cluster.advance(5000);
    expect(cluster.pods()).toEqual([]);
  });
});

describe('the runtime', () => {
  /** A runtime that takes time to stop a pod and records its calls. */
  class SlowRuntime implements PodRuntime {
    readonly asked: string[] = [];

    start(_pod: KubeObject, report: (state: PodReport) => void): void {
      this.asked.push('start');
      report({ phase: 'Running', podIP: '10.0.0.1', ready: true, restartCount: 0 });
    }

    stop(_pod: KubeObject, graceMs: number): void {
      this.asked.push(`stop within ${graceMs} ms`);
    }
  }

  async function slow(): Promise<{ cluster: Cluster; runtime: SlowRuntime }> {
    const runtime = new SlowRuntime();
    const cluster = new Cluster({ runtime });
    cluster.create('pods', pod());
    await cluster.advance(100);
    return { cluster, runtime };
  }

  it('is asked once to stop a pod, which goes at the end of its grace period at the latest', async () => {
    const { cluster, runtime } = await slow();
    cluster.store.delete('pods', 'shop', 'p');
    await cluster.advance(29_000);
    expect(cluster.pods()).toHaveLength(1);
    await cluster.advance(2000);
    expect(cluster.pods()).toEqual([]);
    expect(runtime.asked).toEqual(['start', 'stop within 30000 ms']);
  });

  it('has less time when a second deletion says so', async () => {
    const { cluster } = await slow();
    cluster.store.delete('pods', 'shop', 'p');
    await cluster.advance(1000);
    cluster.store.delete('pods', 'shop', 'p', { gracePeriodSeconds: 3 });
    await cluster.advance(2500);
    expect(cluster.pods()).toHaveLength(1);
    await cluster.advance(1000);
    expect(cluster.pods()).toEqual([]);
  });

  it('gets no more time when the leaving pod is changed', async () => {
    const { cluster } = await slow();
    cluster.store.delete('pods', 'shop', 'p');
    await cluster.advance(29_000);
    cluster.edit<KubeObject>('p', (draft) => (draft.metadata.labels = { touched: 'yes' }), 'pods');
    await cluster.advance(2000);
    expect(cluster.pods()).toEqual([]);
  });

  it('is told of a pod that was removed without grace', async () => {
    const { cluster, runtime } = await slow();
    cluster.store.delete('pods', 'shop', 'p', { gracePeriodSeconds: 0 });
    await cluster.advance(100);
    expect(cluster.pods()).toEqual([]);
    expect(runtime.asked).toEqual(['start', 'stop within 0 ms']);
  });
});

describe('a status written by hand', () => {
  it('stays until the runtime reports something', async () => {
    const cluster = await started();
    await cluster.advance(1000);
    cluster.editStatus(
      'p',
      (draft: KubeObject) =>
        (draft.status = { ...draft.status, conditions: [{ type: 'Ready', status: 'False' }] }),
      'pods',
    );
    await cluster.advance(60_000);
    expect(cluster.readyPods()).toBe(0);
  });
});
