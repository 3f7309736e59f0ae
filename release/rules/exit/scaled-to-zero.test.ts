import { describe, expect, it } from 'vitest';
import {
  ago,
  aRoute,
  aSnapshot,
  aTarget,
  changed,
  doing,
  replicaSet,
  without,
} from '../../../test/support/builders.ts';
import { aRelease, underWay } from '../../../test/support/release-builders.ts';
import type { ReleaseStatus } from '../../../api/kinds/release/status.ts';
import { decide } from '../../decide.ts';

const ZERO = 'jsonPatch HTTPRoute/web: take all traffic off the canary';
const conditions = [{ type: 'Available', status: 'False', lastTransitionTime: ago(900) }];

/** A running release whose target was scaled, with stable pods of which some are ready. */
function scaled(replicas: number, ready: number, waitsFor: ReleaseStatus['waitsFor'], weight = 0) {
  const rest = without(without(underWay(), 'ReplicaSet', '^web-web-1$'), 'Pod', '^web-web-1');
  const status = {
    phase: 'Waiting' as const,
    ...(waitsFor === undefined ? {} : { waitsFor }),
    targetGeneration: 5,
    weight,
    stepStartedAt: ago(9_000),
    stableUnavailable: { since: ago(900), changedAt: ago(900) },
  };
  const pods = replicaSet('web:1', { pods: replicas, ready, since: 900 });
  const observed = weight === 0 ? {} : { weightObservedAt: ago(200) };
  const by = [
    aTarget({ image: 'web:2', replicas, conditions }),
    aRoute(weight),
    aRelease({ status: { ...status, ...observed } }),
  ];
  return decide(aSnapshot([...by.reduce(changed, rest), ...pods]));
}

describe('a release whose target is scaled to 0', () => {
  it('gives up its traffic and rests: a stable arm that serves nobody would make any canary look good', () => {
    const decision = scaled(0, 0, undefined, 5);
    expect([decision.rule, doing(decision)]).toEqual(['scaled-to-zero', [ZERO]]);
    expect(decision.status?.next).toMatchObject({
      phase: 'Waiting',
      reason: 'NoReplicas',
      waitsFor: 'Replicas',
      weight: 0,
    });
    expect(decision.status?.next.weightObservedAt).toBeUndefined();
  });

  it.each([
    {
      given: 'is coming up again, however long that takes',
      ready: 0,
      waitsFor: 'Replicas' as const,
      want: 'scaled-to-zero',
    },
    { given: 'has a ready pod again', ready: 1, waitsFor: 'Replicas' as const, want: 'step-due' },
    {
      given: 'was not scaled to 0 but broke',
      ready: 0,
      waitsFor: 'Answer' as const,
      want: 'stable-unavailable',
    },
  ])('$given: $want', ({ ready, waitsFor, want }) => {
    expect(scaled(4, ready, waitsFor).rule).toBe(want);
  });

  it('is not late for the time it rested', () => {
    expect(scaled(4, 4, 'Replicas').status?.next.phase).not.toBe('RollingBack');
  });
});
