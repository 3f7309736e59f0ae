import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import {
  ago,
  aRoute,
  aSnapshot,
  aTarget,
  changed,
  doing,
  replicaSet,
  without,
} from '../../test/support/builders.ts';
import { aRelease, initial, underWay } from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';

/** A status from an earlier version that recorded only a reason. */
function earlier(change: Partial<ReleaseStatus>, recorded = true): KubeObject {
  const made = aRelease({ recorded, status: { targetGeneration: 5, ...change } });
  const status = { ...made.status };
  delete status['promotedFor'];
  delete status['withdrawal'];
  return { ...made, status };
}

const look = (status: Partial<ReleaseStatus>) => decide(aSnapshot(changed(underWay(), earlier(status))));

describe('a release that an earlier version left under way', () => {
  it('is not promoted on its word: the order is looked for anew before anything rolls out', () => {
    const decision = look({ phase: 'Promoting', reason: 'AllStepsPassed', step: 2 });
    expect([doing(decision), decision.status?.next.phase]).toEqual([[], 'Progressing']);
  });

  it('goes on with a promotion that had begun', () => {
    const { status } = look({ phase: 'Promoting', promotionStartedAt: ago(20) });
    expect(status?.next.phase).toBe('Promoting');
  });

  it('ends Aborted with its template held, for whatever it was taken back', () => {
    const gone = [aTarget({ image: 'web:2' }), ...replicaSet('web:1'), aRoute(), initial()];
    const ending = { reason: 'HarmDetected' as const, weight: 0, drainStartedAt: ago(999) };
    const leaving = earlier({ phase: 'RollingBack', ...ending }, false);
    const { next } = decide(aSnapshot([...gone, leaving])).status!;
    expect(next.phase).toBe('Aborted');
    const held = decide(aSnapshot([...gone, aRelease({ recorded: false, status: next })]));
    expect([held.rule, held.outcome]).toEqual(['template-turned-down', 'stalled']);
  });

  it('rests while stable comes up again from 0 replicas, and does not take its place', () => {
    const conditions = [{ type: 'Available', status: 'False', lastTransitionTime: ago(900) }];
    const broken = { since: ago(900), changedAt: ago(900) };
    const rest = without(without(underWay(), 'ReplicaSet', '^web-web-1$'), 'Pod', '^web-web-1');
    const resting = earlier({ phase: 'Waiting', reason: 'NoReplicas', weight: 0, stableUnavailable: broken });
    const by = [aTarget({ image: 'web:2', conditions }), aRoute(), resting];
    const pods = replicaSet('web:1', { ready: 0, since: 900 });
    expect(decide(aSnapshot([...by.reduce(changed, rest), ...pods])).rule).toBe('scaled-to-zero');
  });
});
