import { describe, expect, it } from 'vitest';
import { Cluster, deployment, NEVER_READY, release } from '../../../test/support/workloads/cluster.ts';
import type { Pod } from '../kinds.ts';
import type { EndpointSlice } from './slices.ts';

function withService(schedule = true): Cluster {
  const cluster = new Cluster({ schedule });
  cluster.create('services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  return cluster;
}

/** The pod and readiness of every endpoint of the Service, as "app/ready". */
function endpoints(cluster: Cluster): string[] {
  const apps = new Map(
    cluster.pods().map((pod: Pod) => [pod.metadata.uid, pod.metadata.labels?.['app'] ?? '']),
  );
  return (cluster.store.list('endpointslices.discovery.k8s.io', 'shop') as EndpointSlice[])
    .flatMap((slice) => slice.endpoints ?? [])
    .map((endpoint) => `${apps.get(endpoint.targetRef.uid) ?? '?'}/${endpoint.conditions.ready}`)
    .sort();
}

describe('the endpoints of a Service', () => {
  it('follow the readiness and the number of its pods', async () => {
    const cluster = withService();
    cluster.create('deployments.apps', deployment('web', { replicas: 2 }));
    await cluster.advance(200);
    expect(endpoints(cluster)).toEqual([]);
    await cluster.advance(1000);
    expect(endpoints(cluster)).toEqual(['web/true', 'web/true']);
    cluster.edit('web', ({ spec }) => (spec.replicas = 1));
    await cluster.advance(50);
    expect(endpoints(cluster)).toEqual(['web/false', 'web/true']);
    await cluster.advance(1000);
    expect(endpoints(cluster)).toEqual(['web/true']);
  });

  it('stay with the old pods during a stuck rollout', async () => {
    const cluster = withService();
    cluster.create('deployments.apps', deployment('web', { replicas: 3 }));
    await cluster.advance(2000);
    cluster.edit('web', release('app:2', NEVER_READY));
    await cluster.advance(5000);
    expect(endpoints(cluster)).toEqual(['web/true', 'web/true', 'web/true']);
  });

  it('change with the selector of the Service and with the labels of a pod', async () => {
    const cluster = withService();
    cluster.create('deployments.apps', deployment('web', { replicas: 1 }));
    cluster.create('deployments.apps', deployment('blue', { replicas: 1 }));
    await cluster.advance(2000);
    cluster.edit('web', (draft) => (draft.spec.selector = { app: 'blue' } as object), 'services');
    await cluster.advance(100);
    expect(endpoints(cluster)).toEqual(['blue/true']);
    const blue = cluster.pods().find((pod) => pod.metadata.labels?.['app'] === 'blue')?.metadata.name ?? '';
    cluster.edit<Pod>(blue, (pod) => (pod.metadata.labels = { app: 'away' }), 'pods');
    await cluster.advance(100);
    expect(endpoints(cluster)).toEqual([]);
  });

  it('are only pods on nodes that exist', async () => {
    const cluster = withService(false);
    cluster.create('deployments.apps', deployment('web', { replicas: 1 }));
    await cluster.advance(2000);
    expect(cluster.readyPods()).toBe(1);
    expect(endpoints(cluster)).toEqual([]);
  });

  it('go with the Service', async () => {
    const cluster = withService();
    await cluster.advance(100);
    expect(cluster.store.list('endpointslices.discovery.k8s.io', 'shop')).toHaveLength(1);
    cluster.store.delete('services', 'shop', 'web');
    await cluster.advance(1000);
    expect(cluster.store.list('endpointslices.discovery.k8s.io', 'shop')).toEqual([]);
  });
});
