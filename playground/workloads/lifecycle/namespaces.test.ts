import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import { conditionOf } from '../conditions.ts';
import type { Condition } from '../conditions.ts';
import { Cluster, deployment } from '../../../test/support/workloads/cluster.ts';

function conditionText(namespace: KubeObject | undefined, type: string): string {
  const status = { conditions: (namespace?.status?.['conditions'] ?? []) as Condition[] };
  const found = conditionOf(status, type);
  return `${found?.status ?? ''}/${found?.reason ?? ''}: ${found?.message ?? ''}`;
}

describe('a namespace that is deleted', () => {
  it('goes with everything in it', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 2 }));
    cluster.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'free' } });
    await cluster.advance(2000);
    cluster.store.delete('namespaces', undefined, 'shop');
    await cluster.advance(5000);
    expect(cluster.store.list('namespaces').map(({ metadata }) => metadata.name)).not.toContain('shop');
    expect([
      ...cluster.pods(),
      ...cluster.replicaSets(),
      ...cluster.store.list('configmaps', 'shop'),
    ]).toEqual([]);
  });

  it('waits for finalizers and says for which', async () => {
    const cluster = new Cluster();
    const metadata = { name: 'held', finalizers: ['example.com/f'] };
    cluster.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata });
    cluster.store.delete('namespaces', undefined, 'shop');
    await cluster.advance(1000);
    const namespace = cluster.store.get('namespaces', undefined, 'shop');
    expect(namespace?.status?.['phase']).toBe('Terminating');
    expect(conditionText(namespace, 'NamespaceContentRemaining')).toBe(
      'True/SomeResourcesRemain: Some resources are remaining: configmaps. has 1 resource instances',
    );
    expect(conditionText(namespace, 'NamespaceFinalizersRemaining')).toBe(
      'True/SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/f in 1 resource instances',
    );
    cluster.edit<KubeObject>('held', (draft) => (draft.metadata.finalizers = []), 'configmaps');
    await cluster.advance(1000);
    expect(cluster.store.list('namespaces').map(({ metadata }) => metadata.name)).not.toContain('shop');
  });

  it('goes also after a kind it held was undefined, with what such objects owned', async () => {
    const cluster = new Cluster();
    const name = 'widgets.example.com';
    const schema = { openAPIV3Schema: { type: 'object' } };
    cluster.store.create('customresourcedefinitions.apiextensions.k8s.io', {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    });
    await cluster.advance(1000);
    const widget = cluster.create(name, {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'w' },
    });
    const { uid = '' } = widget.metadata;
    const ownerReferences = [{ apiVersion: widget.apiVersion, kind: 'Widget', name: 'w', uid }];
    cluster.create('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'k', ownerReferences },
    });
    await cluster.advance(1000);
    expect(cluster.get('configmaps', 'k')).toBeDefined();
    cluster.store.delete('customresourcedefinitions.apiextensions.k8s.io', undefined, name);
    await cluster.advance(10_000);
    expect(cluster.get('configmaps', 'k')).toBeUndefined();
    cluster.store.delete('namespaces', undefined, 'shop');
    await cluster.advance(5000);
    expect(cluster.store.list('namespaces').map(({ metadata }) => metadata.name)).not.toContain('shop');
  });
});
