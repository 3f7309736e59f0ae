import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { aRoute, aSnapshot, aTarget, changed, replicaSet } from '../../test/support/builders.ts';
import { aRelease, underWay } from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';

const HTTP_ROUTE = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' };
const FAILED = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'x' };

/** "urgent|optional|- : why" of each write of the decision about a release at 5%, with some objects changed. */
function writes(...by: KubeObject[]): string[] {
  const { actions } = decide(aSnapshot(by.reduce(changed, underWay())));
  return actions.flatMap((action) => {
    if (action.do !== 'write') return [];
    return `${action.urgent === true ? 'urgent' : action.onRefusal?.then === 'goOn' ? 'optional' : '-'}: ${action.why}`;
  });
}

describe('what a failed write keeps from being tried', () => {
  it('no second route waits for the first to lose its canary', () => {
    const second = { ...aRoute(5), metadata: { ...aRoute(5).metadata, name: 'web-internal' } };
    const status = { weightObservedAt: '2026-01-01T11:00:00Z', targetGeneration: 5 };
    const release = aRelease({ spec: { intent: 'Abort' }, status });
    const traffic = release.spec?.['traffic'] as { routes: unknown[] };
    traffic.routes.push({ ...HTTP_ROUTE, name: 'web-internal' });
    const { actions } = decide(aSnapshot([...changed(underWay(), release), second]));
    expect(actions).toMatchObject([
      { urgent: true, write: { ref: { name: 'web' } } },
      { urgent: true, write: { ref: { name: 'web-internal' } } },
    ]);
  });

  it('a target that escaped is paused, and its canary loses the traffic, whichever of the two fails', () => {
    expect(writes(aTarget({ image: 'web:2', paused: false, generation: 6 }))).toEqual([
      'urgent: pause the target',
      'urgent: take all traffic off the canary',
    ]);
  });

  it('the sign on the target keeps nothing from happening', () => {
    const reverted = aTarget({ image: 'web:1', generation: 6, conditions: [FAILED] });
    expect(writes(reverted)).toEqual([
      'urgent: take all traffic off the canary',
      'optional: clear the failure of an earlier template',
    ]);
    const held = aTarget({ image: 'web:3', generation: 6, conditions: [FAILED] });
    const ended = aRelease({ recorded: false, status: { phase: 'Superseded', weight: 0 } });
    const objects = [held, ...replicaSet('web:1'), ended];
    const { actions } = decide(aSnapshot(objects));
    expect(actions[0]).toMatchObject({
      onRefusal: { then: 'goOn' },
      why: 'clear the failure of an earlier template',
    });
  });
});
