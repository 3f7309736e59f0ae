import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import {
  ago,
  aSnapshot,
  aTarget,
  canary,
  canaryServiceObject,
  replicaSet,
  SERVICE,
  aRoute,
} from '../../test/support/builders.ts';
import { aRelease, initial, underWay } from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';

/** What an eviction leaves: the pod stays under its ReplicaSet, which no longer counts it, until it is collected. */
const evicted = (objects: KubeObject[]): KubeObject[] =>
  objects
    .filter(({ kind }) => kind === 'Pod')
    .map((pod) => ({
      ...pod,
      metadata: { ...pod.metadata, name: `${pod.metadata.name}-evicted` },
      status: { phase: 'Failed', reason: 'Evicted' },
    }));

/** A ReplicaSet of an earlier revision, scaled to 0, that had pods evicted while it served. */
const earlier = (image: string): KubeObject[] => [
  ...replicaSet(image, { pods: 0 }),
  ...evicted(replicaSet(image, { pods: 2 })),
];

describe('pods that were evicted long ago', () => {
  it('do not keep a target from being seen for the first time', () => {
    const decision = decide(aSnapshot([aTarget({ paused: false }), replicaSet('web:1'), earlier('web:0')]));
    expect(decision.reason).toBe('Holding');
  });

  it('are not taken for pods that run what nobody proved', () => {
    const decision = decide(aSnapshot([...underWay(), earlier('web:0')]));
    expect(decision.rule).toBe('step-due');
  });

  it('do not keep a promotion from its end', () => {
    const release = aRelease({
      status: { phase: 'Promoting', reason: 'AllStepsPassed', targetGeneration: 5, weight: 50 },
    });
    const objects = [aTarget({ image: 'web:2', paused: false }), earlier('web:1'), replicaSet('web:2')];
    const decision = decide(
      aSnapshot([
        ...objects,
        canary({ pods: 2 }),
        SERVICE,
        canaryServiceObject(),
        aRoute(50),
        initial(),
        release,
      ]),
    );
    expect(decision.sentence).toBe('All traffic is taken off the canary.');
  });

  it('do not fail a canary whose place another pod has taken', () => {
    const old = evicted(canary()).map((pod) => ({
      ...pod,
      metadata: { ...pod.metadata, creationTimestamp: ago(5_000) },
    }));
    expect(decide(aSnapshot([...underWay(), old])).rule).toBe('step-due');
  });
});
