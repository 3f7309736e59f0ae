import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { Intent } from '../../api/kinds/release/spec.ts';
import type { PromotedFor, ReleaseStatus } from '../../api/kinds/release/status.ts';
import {
  ago,
  aRoute,
  aSnapshot,
  aTarget,
  canary,
  canaryServiceObject,
  changed,
  doing,
  replicaSet,
  SERVICE,
} from '../../test/support/builders.ts';
import { aRelease, initial, underWay } from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';

const look = (...objects: (KubeObject | KubeObject[])[]) => decide(aSnapshot(objects));
const UNAVAILABLE = { type: 'Available', status: 'False', lastTransitionTime: ago(1000) };
const ROLL_OUT = 'jsonPatch Deployment/web: let the target roll out';

describe('a promotion without analysis that a crash kept from beginning', () => {
  const promoting = (
    promotedFor: PromotedFor,
    status: Partial<ReleaseStatus> = {},
    intent: Intent = 'Auto',
  ) =>
    aRelease({
      spec: { intent },
      status: { phase: 'Promoting', promotedFor, targetGeneration: 5, ...status },
    });
  const cases: { given: string; objects: KubeObject[]; phase?: string }[] = [
    {
      given: 'NoReplicas, and still none',
      objects: [
        aTarget({ image: 'web:2', replicas: 0 }),
        ...replicaSet('web:1', { pods: 0 }),
        promoting('NoReplicas', { step: -1 }),
      ],
    },
    {
      given: 'NoReplicas, and it was scaled up meanwhile',
      objects: [aTarget({ image: 'web:2' }), ...replicaSet('web:1'), promoting('NoReplicas', { step: -1 })],
      phase: 'Pending',
    },
    {
      given: 'StableUnavailable, and stable is still down',
      objects: [
        aTarget({ image: 'web:2', conditions: [UNAVAILABLE] }),
        ...replicaSet('web:1', { ready: 0 }),
        promoting('StableUnavailable', {
          stableUnavailable: { since: ago(90), changedAt: ago(1000) },
        }),
      ],
    },
    {
      given: 'StableUnavailable, and stable came back',
      objects: [
        aTarget({ image: 'web:2' }),
        ...replicaSet('web:1', { ready: 1 }),
        promoting('StableUnavailable'),
      ],
      phase: 'Progressing',
    },
    {
      given: 'an order that stands',
      objects: [aTarget({ image: 'web:2' }), ...replicaSet('web:1'), promoting('Order', {}, 'Promote')],
    },
    {
      given: 'an order that was taken back',
      objects: [aTarget({ image: 'web:2' }), ...replicaSet('web:1'), promoting('Order', {}, 'Pause')],
      phase: 'Progressing',
    },
  ];

  it.each(cases)('$given', ({ objects, phase }) => {
    const all = [...objects, ...canary(), canaryServiceObject(), SERVICE, aRoute(5), initial()];
    const decision = decide(aSnapshot(all));
    expect([doing(decision), decision.status?.next.phase]).toEqual(
      phase === undefined ? [[ROLL_OUT], 'Promoting'] : [[], phase],
    );
  });

  it('goes on where it had begun, whatever became of its reason', () => {
    const begun = promoting('StableUnavailable', { promotionStartedAt: ago(20) });
    expect(doing(decide(aSnapshot(changed(underWay(), begun))))).toEqual([ROLL_OUT]);
  });
});

describe('a template that failed', () => {
  const pending = aRelease({
    name: 'web-9',
    recorded: false,
    status: { phase: 'Pending', step: -1, weight: 0 },
  });
  const ended = (name: string, phase: 'RolledBack' | 'Promoted', created: number) =>
    aRelease({
      name,
      images: ['web:0', 'web:2'],
      created,
      recorded: false,
      status: { phase, reason: phase === 'Promoted' ? 'PromotedByHuman' : 'HarmDetected', weight: 0 },
      policy: { rollbackWindow: { revisions: 0 } },
    });
  const at0 = [aTarget({ image: 'web:2', replicas: 0, generation: 9 }), replicaSet('web:1', { pods: 0 })];

  it('is not promoted at 0 replicas either, even against another stable version', () => {
    const decision = look(...at0, SERVICE, aRoute(), pending, ended('web-5', 'RolledBack', 5_000), initial());
    expect(decision.status?.next.phase).toBe('Progressing');
  });

  it('unless it became stable since', () => {
    const since = [ended('web-6', 'Promoted', 4_000), ended('web-5', 'RolledBack', 5_000)];
    const decision = look(...at0, SERVICE, aRoute(), pending, ...since, initial());
    expect(decision.status?.next).toMatchObject({ phase: 'Promoting', promotedFor: 'NoReplicas' });
  });
});

describe('the annotation sluice.dev/skip', () => {
  const annotations = { 'sluice.dev/skip': 'hotfix 7' };

  const seen = { 'sluice.dev/skip-seen': 'hotfix 7' };

  it('that was there when the target was first seen is remembered, so that it skips no later template', () => {
    const decision = look(aTarget({ annotations }), replicaSet('web:1'));
    expect(decision.actions[0]).toMatchObject({
      write: { object: { metadata: { annotations: seen } } },
    });
  });

  it('that came with a change which escaped is spent', () => {
    const escaped = aTarget({ image: 'web:2', paused: false, annotations });
    const decision = look(escaped, replicaSet('web:2'), initial());
    expect(decision.actions[1]).toMatchObject({ write: { object: { metadata: { annotations: seen } } } });
  });
});

describe('what serves alone although no Release says so, because its Release was deleted', () => {
  const before = aRelease({
    name: 'web-3',
    images: ['web:0', 'web:1'],
    created: 5_000,
    recorded: false,
    status: { phase: 'Promoted', reason: 'Promoted', weight: 0, replicaSet: 'web-web-1' },
  });

  it('is recorded, and not rolled back to what the older Release calls stable', () => {
    const decision = look(
      aTarget({ image: 'web:2' }),
      replicaSet('web:1', { pods: 0 }),
      replicaSet('web:2'),
      before,
    );
    expect([decision.rule, doing(decision)]).toEqual([
      'change-escaped',
      ['create Release/web-5: record what serves', 'event EscapedHold'],
    ]);
    expect(decision.status?.next).toMatchObject({ phase: 'Escaped', replicaSet: 'web-web-2' });
  });

  it('is a change like any other while stable pods serve', () => {
    const decision = look(aTarget({ image: 'web:2' }), replicaSet('web:1'), SERVICE, aRoute(), before);
    expect(decision.rule).toBe('new-template');
  });
});
