import { describe, expect, it } from 'vitest';
import type { KubeObject, OwnerReference } from '../../../api/kube.ts';
import { Cluster, deployment } from '../../../test/support/workloads/cluster.ts';

function configMap(name: string, owners: OwnerReference[] = [], finalizers: string[] = []): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ownerReferences: owners, finalizers } };
}

function ownedBy(owner: KubeObject, blockOwnerDeletion = false): OwnerReference {
  const { name, uid = '' } = owner.metadata;
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, blockOwnerDeletion };
}

function remove(
  cluster: Cluster,
  name: string,
  propagationPolicy: 'Background' | 'Foreground' | 'Orphan',
): void {
  cluster.store.delete('configmaps', 'shop', name, { propagationPolicy });
}

describe('the garbage collector', () => {
  it('deletes what is owned by a deleted object, and what that owns', async () => {
    const cluster = new Cluster();
    const a = cluster.create('configmaps', configMap('a'));
    const b = cluster.create('configmaps', configMap('b', [ownedBy(a)]));
    cluster.create('configmaps', configMap('c', [ownedBy(b)]));
    remove(cluster, 'a', 'Background');
    expect(cluster.get('configmaps', 'a')).toBeUndefined();
    await cluster.advance(100);
    expect(cluster.get('configmaps', 'b')).toBeUndefined();
    expect(cluster.get('configmaps', 'c')).toBeUndefined();
  });

  it('deletes an object whose owner never existed', async () => {
    const cluster = new Cluster();
    const real = cluster.create('configmaps', configMap('real'));
    const impostor = { ...ownedBy(real), uid: '11111111-2222-3333-4444-555555555555' };
    cluster.create('configmaps', configMap('k', [impostor]));
    await cluster.advance(100);
    expect(cluster.get('configmaps', 'k')).toBeUndefined();
    expect(cluster.get('configmaps', 'real')).toBeDefined();
  });

  it('keeps an object while one of two owners lives, and drops the dangling reference', async () => {
    const cluster = new Cluster();
    const [o, q] = [
      cluster.create('configmaps', configMap('o')),
      cluster.create('configmaps', configMap('q')),
    ];
    cluster.create('configmaps', configMap('k', [ownedBy(o), ownedBy(q)]));
    remove(cluster, 'o', 'Background');
    await cluster.advance(100);
    expect(cluster.get('configmaps', 'k')?.metadata.ownerReferences?.map(({ name }) => name)).toEqual(['q']);
    remove(cluster, 'q', 'Background');
    await cluster.advance(100);
    expect(cluster.get('configmaps', 'k')).toBeUndefined();
  });

  it('leaves a foreground-deleted owner until its blocking dependents are gone', async () => {
    const cluster = new Cluster();
    const o = cluster.create('configmaps', configMap('o'));
    cluster.create('configmaps', configMap('k', [ownedBy(o, true)], ['example.com/hold']));
    remove(cluster, 'o', 'Foreground');
    await cluster.advance(100);
    expect(cluster.get('configmaps', 'o')?.metadata.finalizers).toEqual(['foregroundDeletion']);
    const held = cluster.get('configmaps', 'k');
    expect(held?.metadata.deletionTimestamp).toBeDefined();
    cluster.edit<KubeObject>('k', (draft) => (draft.metadata.finalizers = []), 'configmaps');
    await cluster.advance(100);
    expect(cluster.get('configmaps', 'k')).toBeUndefined();
    expect(cluster.get('configmaps', 'o')).toBeUndefined();
  });

  it('does not let dependents that do not block hold up a foreground deletion', async () => {
    const cluster = new Cluster();
    const o = cluster.create('configmaps', configMap('o'));
    cluster.create('configmaps', configMap('k', [ownedBy(o, false)], ['example.com/hold']));
    remove(cluster, 'o', 'Foreground');
    await cluster.advance(100);
    expect(cluster.get('configmaps', 'o')).toBeUndefined();
    expect(cluster.get('configmaps', 'k')?.metadata.deletionTimestamp).toBeDefined();
  });

  it('takes the reference from orphans and leaves them', async () => {
    const cluster = new Cluster();
    const o = cluster.create('configmaps', configMap('o'));
    cluster.create('configmaps', configMap('k', [ownedBy(o)]));
    remove(cluster, 'o', 'Orphan');
    await cluster.advance(100);
    expect(cluster.get('configmaps', 'o')).toBeUndefined();
    const orphan = cluster.get('configmaps', 'k');
    expect(orphan?.metadata.ownerReferences ?? []).toEqual([]);
    expect(orphan?.metadata.deletionTimestamp).toBeUndefined();
  });

  it.each(['Background', 'Foreground'] as const)(
    'empties a Deployment deleted with %s',
    async (propagationPolicy) => {
      const cluster = new Cluster();
      cluster.create('deployments.apps', deployment('web', { replicas: 2 }));
      await cluster.advance(2000);
      cluster.store.delete('deployments.apps', 'shop', 'web', { propagationPolicy });
      await cluster.advance(2000);
      expect([cluster.get('deployments.apps', 'web'), ...cluster.replicaSets(), ...cluster.pods()]).toEqual([
        undefined,
      ]);
    },
  );

  it('keeps every level of a foreground deletion until the one below is gone', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 1 }));
    await cluster.advance(2000);
    cluster.store.delete('deployments.apps', 'shop', 'web', { propagationPolicy: 'Foreground' });
    await cluster.advance(50);
    expect(cluster.pods()[0]?.metadata.deletionTimestamp).toBeDefined();
    expect(cluster.replicaSets()[0]?.metadata.finalizers).toEqual(['foregroundDeletion']);
    expect(cluster.deployment().metadata.finalizers).toEqual(['foregroundDeletion']);
    await cluster.advance(2000);
    expect(cluster.store.list('deployments.apps', 'shop')).toEqual([]);
  });

  it('takes an owner in another namespace for missing', async () => {
    const cluster = new Cluster();
    const elsewhere = configMap('o');
    elsewhere.metadata.namespace = 'default';
    const owner = cluster.create('configmaps', elsewhere);
    cluster.create('configmaps', configMap('k', [ownedBy(owner)]));
    await cluster.advance(100);
    expect(cluster.get('configmaps', 'k')).toBeUndefined();
  });
});
