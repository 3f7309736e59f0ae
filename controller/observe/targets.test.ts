import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { Targets } from './targets.ts';

const deployment = (name: string, policy?: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    namespace: 'team',
    name,
    ...(policy === undefined ? {} : { annotations: { 'sluice.dev/policy': policy } }),
  },
});

/** As a metadata-only watch shows it: no spec. */
const release = (name: string, target: string, label = target): KubeObject => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Release',
  metadata: {
    namespace: 'team',
    name,
    labels: { 'sluice.dev/target': label },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: target, uid: 'u' }],
  },
});

let targets: Targets;

beforeEach(() => {
  targets = new Targets();
});

describe('targets', () => {
  it('are the Deployments that opted in', () => {
    expect(targets.deploymentChanged({ type: 'ADDED', object: deployment('shop', 'default') })).toBe('shop');
    expect(targets.deploymentChanged({ type: 'ADDED', object: deployment('other') })).toBeUndefined();
    expect([...targets.in('team')]).toEqual(['shop']);
    expect([...targets.namespaces()]).toEqual(['team']);
  });

  it('are told of once more when they opt out or are deleted', () => {
    for (const type of ['MODIFIED', 'DELETED'] as const) {
      targets.deploymentChanged({ type: 'ADDED', object: deployment('shop', 'default') });
      const object = deployment('shop', type === 'DELETED' ? 'default' : undefined);
      expect(targets.deploymentChanged({ type, object })).toBe('shop');
      expect(targets.deploymentChanged({ type, object })).toBeUndefined();
      expect([...targets.namespaces()]).toEqual([]);
    }
  });

  it('stay targets while a Release of theirs exists', () => {
    targets.releaseChanged({ type: 'ADDED', object: release('shop-2', 'shop') });
    targets.releaseChanged({ type: 'ADDED', object: release('shop-3', 'shop') });
    targets.releaseChanged({ type: 'DELETED', object: release('shop-2', 'shop') });
    expect(targets.has('team', 'shop')).toBe(true);
    expect(targets.releaseChanged({ type: 'DELETED', object: release('shop-3', 'shop') })).toBe('shop');
    expect([targets.has('team', 'shop'), targets.namespaces().size]).toEqual([false, 0]);
  });

  it('have the name of the owner where a label is too short for it', () => {
    const name = 'a'.repeat(80);
    expect(
      targets.releaseChanged({ type: 'ADDED', object: release('r', name, 'a'.repeat(57) + '-12345') }),
    ).toBe(name);
  });
});
