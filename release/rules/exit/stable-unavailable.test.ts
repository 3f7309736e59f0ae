import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import type { ReleaseStatus } from '../../../api/kinds/release/status.ts';
import { ago, aSnapshot, aTarget, changed, doing, replicaSet } from '../../../test/support/builders.ts';
import { underWay } from '../../../test/support/release-builders.ts';
import { decide } from '../../decide.ts';

/**
 * Stable lost its pods this many seconds ago, as the API server dates it; below zero: its clock is ahead of the
 * controller's.
 */
interface Stable {
  lost: number;
  ready?: number;
  available?: 'True' | 'False';
}

function look({ lost, ready = 0, available = 'False' }: Stable, status: Partial<ReleaseStatus> = {}) {
  const condition: JsonObject = { type: 'Available', status: available, lastTransitionTime: ago(lost) };
  const objects: KubeObject[] = [
    aTarget({ image: 'web:2', conditions: [condition] }),
    ...replicaSet('web:1', { ready, since: lost }),
  ];
  const decision = decide(aSnapshot(objects.reduce(changed, underWay({ status }))));
  const next = decision.status?.next;
  return { rule: decision.rule, doing: doing(decision), phase: next?.phase, seen: next?.stableUnavailable };
}

const ROLL_OUT = 'jsonPatch Deployment/web: let the target roll out';

const seen = (seconds: number, changed: number): Partial<ReleaseStatus> => ({
  stableUnavailable: { since: ago(seconds), changedAt: ago(changed) },
});

describe('a stable version without an available pod', () => {
  it('is not taken for broken at the first look, however far the clock of the controller is ahead', () => {
    expect(look({ lost: 90 })).toMatchObject({
      phase: 'Progressing',
      seen: { since: ago(0), changedAt: ago(90) },
    });
  });

  it('is broken once the controller itself has seen it so for 60 s', () => {
    expect(look({ lost: 150 }, seen(59, 150))).toMatchObject({
      phase: 'Progressing',
      seen: { since: ago(59) },
    });
    expect(look({ lost: 150 }, seen(60, 150))).toMatchObject({
      rule: 'stable-unavailable',
      phase: 'Promoting',
    });
  });

  it('is broken after 60 s as well where the clock of the controller is behind', () => {
    expect(look({ lost: -300 }, seen(60, -300)).phase).toBe('Promoting');
  });

  it('counts from the newest break: it was back while no controller looked', () => {
    expect(look({ lost: 10 }, seen(600, 900))).toMatchObject({
      phase: 'Progressing',
      seen: { since: ago(0), changedAt: ago(10) },
    });
  });

  it.each<[string, Stable]>([
    ['a pod is ready', { lost: 150, ready: 1 }],
    ['the API does not say so', { lost: 150, available: 'True' }],
  ])('is no such thing when %s, and that it was is forgotten', (_, stable) => {
    const { phase, seen: remembered } = look(stable, seen(120, 150));
    expect([phase, remembered]).toEqual(['Progressing', undefined]);
  });

  it('does not order a promotion that has not begun when it was back meanwhile', () => {
    const promoting = { phase: 'Promoting', promotedFor: 'StableUnavailable' } as const;
    const still = look({ lost: 150 }, { ...promoting, ...seen(90, 150) });
    expect(still).toMatchObject({ phase: 'Promoting', seen: undefined });
    expect(still.doing).toContain(ROLL_OUT);
    const back = look({ lost: 5 }, { ...promoting, ...seen(90, 150) });
    expect(back).toMatchObject({ phase: 'Progressing', seen: { since: ago(0) } });
    expect(back.doing).not.toContain(ROLL_OUT);
  });
});
