import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import type { IntOrPercent } from '../kinds.ts';
import { Cluster, deployment } from '../../../test/support/workloads/cluster.ts';

interface Case {
  limit: { minAvailable?: IntOrPercent; maxUnavailable?: IntOrPercent };
  want: { expectedPods: number; desiredHealthy: number; disruptionsAllowed: number };
}

const CASES: Case[] = [
  { limit: { minAvailable: 1 }, want: { expectedPods: 4, desiredHealthy: 1, disruptionsAllowed: 3 } },
  { limit: { minAvailable: '60%' }, want: { expectedPods: 4, desiredHealthy: 3, disruptionsAllowed: 1 } },
  { limit: { maxUnavailable: 1 }, want: { expectedPods: 4, desiredHealthy: 3, disruptionsAllowed: 1 } },
  { limit: { maxUnavailable: 0 }, want: { expectedPods: 4, desiredHealthy: 4, disruptionsAllowed: 0 } },
];

function budget(limit: Case['limit']): KubeObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b' },
    spec: { selector: { matchLabels: { app: 'web' } }, ...limit },
  };
}

describe('a PodDisruptionBudget over four healthy pods', () => {
  it.each(CASES)('with $limit counts $want', async ({ limit, want }) => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 4 }));
    cluster.create('poddisruptionbudgets.policy', budget(limit));
    await cluster.advance(2000);
    expect(cluster.get('poddisruptionbudgets.policy', 'b')?.status).toMatchObject({
      ...want,
      currentHealthy: 4,
      observedGeneration: 1,
    });
  });

  it('does not count one that is on its way out', async () => {
    const cluster = new Cluster();
    cluster.create('deployments.apps', deployment('web', { replicas: 4 }));
    cluster.create('poddisruptionbudgets.policy', budget({ minAvailable: 1 }));
    await cluster.advance(2000);
    cluster.store.delete('pods', 'shop', cluster.pods()[0]?.metadata.name ?? '');
    await cluster.advance(50);
    const { status } = cluster.get('poddisruptionbudgets.policy', 'b') ?? {};
    expect(status).toMatchObject({ currentHealthy: 3, expectedPods: 4, disruptionsAllowed: 2 });
  });
});
