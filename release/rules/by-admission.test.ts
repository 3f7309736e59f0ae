/** How the rules differ in admission mode. */
import { describe, expect, it } from 'vitest';
import type { JsonPatchOp, KubeObject } from '../../api/kube.ts';
import {
  ago,
  aSnapshot,
  aTarget,
  doing,
  NOW,
  podTemplate,
  replicaSet,
  type TargetChange,
} from '../../test/support/builders.ts';
import { aRelease, initial } from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';
import type { Decision, HoldMode } from '../model.ts';

const HELD = 'sluice.dev/held';
const look = (hold: HoldMode, ...objects: (KubeObject | KubeObject[])[]): Decision => {
  const snapshot = aSnapshot(objects);
  return decide({ ...snapshot, config: { ...snapshot.config, hold } });
};
const patchOf = ({ actions }: Decision, index = 0): JsonPatchOp[] => {
  const action = actions[index];
  return action?.do === 'write' && action.write.verb === 'jsonPatch' ? action.write.patch : [];
};
const marked = (change: TargetChange = {}, marker = 'new'): KubeObject =>
  aTarget({ ...change, annotations: { ...change.annotations, [HELD]: marker } });
const pausedBySluice = (): KubeObject => {
  const target = aTarget();
  target.metadata.managedFields = [{ manager: 'sluice', fieldsV1: { 'f:spec': { 'f:paused': {} } } }];
  return target;
};
const failed = (change: Partial<NonNullable<Parameters<typeof aRelease>[0]>> = {}): KubeObject =>
  aRelease({
    ...change,
    status: {
      phase: 'RolledBack',
      reason: 'HarmDetected',
      message: 'It failed.',
      weight: 0,
      targetGeneration: 5,
      ...change.status,
    },
  });
const SIGN = {
  type: 'Progressing',
  status: 'False',
  reason: 'ProgressDeadlineExceeded',
  message: 'sluice: It failed.',
};

describe('the correction of a first version that does not run', () => {
  const at = (createdS: number, target = marked({ image: 'web:2', conditions: [] })): KubeObject => {
    target.metadata.creationTimestamp = ago(createdS);
    return target;
  };
  const broken = replicaSet('web:1', { ready: 0 });
  const rollsOut = 'jsonPatch Deployment/web: let the target roll out';

  /**
   * A pass over a target seen without a ready pod for `seenS`, after a change that the API server dates `changedS` ago.
   */
  const lookAgain = (objects: KubeObject[], seenS: number, changedS: number): Decision => {
    const unserved = { sinceMs: NOW - seenS * 1000, changedMs: NOW - changedS * 1000 };
    const snapshot = aSnapshot(objects, { unserved });
    return decide({ ...snapshot, config: { ...snapshot.config, hold: 'admission' } });
  };

  it('waits until the controller itself has seen it so for 60 s, however far its clock is ahead', () => {
    const first = look('admission', at(3_000), ...broken);
    expect([doing(first), first.unserved]).toEqual([[], { sinceMs: NOW, changedMs: NOW - 1_000_000 }]);
    const again = lookAgain([at(3_000), ...broken], 59, 1_000);
    expect([doing(again), again.unserved?.sinceMs]).toEqual([[], NOW - 59_000]);
  });

  it.each([
    {
      given: 'no pod has been ready for 60 s',
      objects: [at(1_000), ...broken],
      want: [rollsOut, 'event Initial'],
    },
    { given: 'nothing was made of it', objects: [at(1_000)], want: [rollsOut, 'event Initial'] },
    { given: 'it was made again since', objects: [at(900)], want: [] },
    { given: 'its author paused it', objects: [at(1_000, aTarget({ image: 'web:2' })), ...broken], want: [] },
    {
      given: 'a pod is ready',
      objects: [at(1_000), ...broken, ...replicaSet('web:0', { pods: 1 })],
      want: [],
    },
    {
      given: 'pods were available until just now',
      objects: [
        at(
          1_000,
          marked({
            image: 'web:2',
            conditions: [{ type: 'Available', status: 'False', lastTransitionTime: ago(10) }],
          }),
        ),
        ...broken,
      ],
      want: [],
    },
  ])('where $given: $want', ({ objects, want }) => {
    const decision = lookAgain(objects, 60, 1_000);
    expect([decision.rule, ...doing(decision)]).toEqual(['nothing-recorded', ...want]);
  });

  it('is let go exactly as it was looked at, without the marker', () => {
    expect(patchOf(lookAgain([at(1_000)], 60, 1_000))).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'uid-web' },
      { op: 'test', path: '/metadata/generation', value: 5 },
      { op: 'add', path: '/spec/paused', value: false },
      { op: 'remove', path: '/metadata/annotations/sluice.dev~1held' },
    ]);
  });
});

describe('an idle target where admission holds', () => {
  const idle = (target: KubeObject, ...more: KubeObject[]) =>
    look('admission', target, replicaSet('web:1'), initial(), ...more);

  it('is recorded at first sight as it is', () => {
    const decision = look('admission', aTarget({ paused: false }), replicaSet('web:1'));
    expect([decision.reason, doing(decision)[0]]).toEqual([
      'Initial',
      'create Release/web-5: record what serves',
    ]);
  });

  it('that is a change already held is recorded under the generation before, so that the change gets its own name', () => {
    const decision = look('admission', marked({ image: 'web:2' }), replicaSet('web:1'));
    expect(doing(decision)[0]).toBe('create Release/web-4: record what serves');
    const first = initial({ name: 'web-4' });
    expect(look('admission', marked({ image: 'web:2' }), replicaSet('web:1'), first).status?.release).toBe(
      'web-5',
    );
  });

  it('whose template changed unheld while it is scaled to 0 is held after all', () => {
    const target = aTarget({ image: 'web:2', paused: false, replicas: 0 });
    const sets = [replicaSet('web:1', { pods: 0 }), replicaSet('web:2', { pods: 0 })];
    const decision = look('admission', target, ...sets, initial());
    expect(doing(decision)).toEqual(['jsonPatch Deployment/web: pause the target']);
  });

  it('is left alone', () => {
    expect(idle(aTarget({ paused: false }))).toMatchObject({ rule: 'nothing-due', actions: [] });
  });

  it.each([
    { left: 'by admission, as the author went back to stable', target: marked() },
    { left: 'by Sluice, of a time in pause mode', target: pausedBySluice() },
  ])('that was left paused $left, is un-paused at the generation that was judged', ({ target }) => {
    const decision = idle(target);
    expect(decision.rule).toBe('hold-due');
    expect(patchOf(decision)).toMatchObject([
      { op: 'test', path: '/metadata/uid' },
      { op: 'test', path: '/metadata/generation', value: 5 },
      { op: 'add', path: '/spec/paused', value: false },
      ...(target.metadata.annotations?.[HELD] === undefined
        ? []
        : [{ op: 'remove', path: '/metadata/annotations/sluice.dev~1held' }]),
    ]);
  });

  it('that its author paused stays paused', () => {
    expect(idle(aTarget())).toMatchObject({ rule: 'nothing-due', actions: [] });
  });

  it('loses a marker that holds nothing', () => {
    expect(doing(idle(marked({ paused: false })))).toEqual([
      'jsonPatch Deployment/web: remove the mark of the hold',
    ]);
  });

  it('stays paused while it shows that a promotion was taken back', () => {
    const undone = failed({ status: { promotionStartedAt: '2026-01-01T00:00:00Z' } });
    expect(idle(marked({ conditions: [SIGN] }, 'failed'), undone)).toMatchObject({
      rule: 'nothing-due',
      actions: [],
    });
    expect(doing(idle(marked({}, 'failed'), undone))).toEqual([
      'jsonPatch Deployment/web: let the target roll out',
    ]);
  });
});

describe('a held target where admission holds', () => {
  const held = (target: KubeObject, release = failed()) =>
    look('admission', target, replicaSet('web:1'), initial(), release);

  it('has its marker turned over before the failure is signed: admission drops the sign while it says new', () => {
    const decision = held(marked({ image: 'web:2' }));
    expect(doing(decision)).toEqual([
      'jsonPatch Deployment/web: mark the target as held',
      'jsonPatch Deployment/web: report the failure to native tools',
    ]);
    expect(patchOf(decision).at(-1)).toEqual({
      op: 'add',
      path: '/metadata/annotations/sluice.dev~1held',
      value: 'failed',
    });
  });

  it('is not marked or signed again', () => {
    expect(doing(held(marked({ image: 'web:2', conditions: [SIGN] }, 'failed')))).toEqual([]);
  });

  it.each([
    { shows: 'its failure', conditions: [SIGN], value: 'failed' },
    { shows: 'nothing', conditions: [], value: 'new' },
  ])('that was held in pause mode and shows $shows is marked $value', ({ conditions, value }) => {
    const decision = held(aTarget({ image: 'web:2', conditions }));
    expect([decision.rule, patchOf(decision).at(-1)?.value]).toEqual(['marker-missing', value]);
  });

  it('that somebody let roll out is paused with the marker', () => {
    const release = aRelease({ status: { phase: 'Progressing', targetGeneration: 5, weight: 0 } });
    expect(patchOf(held(aTarget({ image: 'web:2', paused: false }), release)).slice(-2)).toEqual([
      { op: 'add', path: '/spec/paused', value: true },
      { op: 'add', path: '/metadata/annotations/sluice.dev~1held', value: 'new' },
    ]);
  });
});

describe('a target that opted out', () => {
  it.each([
    { paused: true, want: undefined },
    { paused: false, want: { op: 'remove', path: '/metadata/annotations/sluice.dev~1held' } },
  ])('keeps the marker while it stays paused: $paused', ({ paused, want }) => {
    const target = marked({ image: 'web:2', policy: null, paused });
    const decision = look('admission', target, replicaSet('web:1'), initial(), failed());
    expect(patchOf(decision).at(-1)).toEqual(want);
  });
});

describe('in pause mode', () => {
  it('a marker of policies that are still in the cluster is taken off an idle target, which stays paused', () => {
    const decision = look('pause', marked(), replicaSet('web:1'), initial());
    expect(doing(decision)).toEqual(['jsonPatch Deployment/web: remove the mark of the hold']);
  });

  it('it is turned over all the same before a failure is signed', () => {
    const decision = look('pause', marked({ image: 'web:2' }), replicaSet('web:1'), initial(), failed());
    expect(doing(decision)[0]).toBe('jsonPatch Deployment/web: mark the target as held');
  });
});

describe('a stable template that was restarted', () => {
  const restart = { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' };
  const restarted = () =>
    replicaSet('web:1').map((each): KubeObject => {
      if (each.kind !== 'ReplicaSet')
        return {
          ...each,
          metadata: {
            ...each.metadata,
            name: `${each.metadata.name}-r`,
            ownerReferences: [{ ...each.metadata.ownerReferences![0]!, uid: 'uid-restarted' }],
          },
        };
      const template = {
        ...podTemplate('web:1'),
        metadata: { labels: { app: 'web' }, annotations: restart },
      };
      return {
        ...each,
        metadata: { ...each.metadata, name: 'web-restarted', uid: 'uid-restarted' },
        spec: { ...each.spec, template },
      };
    });

  it('is stable still: a change held after it is released, and stable pods are those that run', () => {
    const decision = look(
      'admission',
      marked({ image: 'web:2' }),
      replicaSet('web:1', { pods: 0 }),
      restarted(),
      initial(),
    );
    expect(decision).toMatchObject({ rule: 'new-template', reason: 'NewRevision' });
  });

  it('comes back with its restart, so that its pods are not replaced', () => {
    const release = failed({ policy: { onFailure: 'revert' }, status: { endedAt: '2020-01-01T00:00:00Z' } });
    const decision = look(
      'admission',
      marked({ image: 'web:2', conditions: [SIGN] }, 'failed'),
      replicaSet('web:1', { pods: 0 }),
      restarted(),
      initial(),
      release,
    );
    expect(patchOf(decision).find(({ path }) => path === '/spec/template')?.value).toMatchObject({
      metadata: { annotations: restart },
    });
  });
});

describe('what the admission policies should have held', () => {
  const objects = [aTarget({ image: 'web:2', paused: false }), ...replicaSet('web:1'), initial()];

  it('makes them doubtful when Sluice has to hold it itself, or when it escaped', () => {
    expect(look('admission', ...objects).doubtsHold).toBe(true);
    const serving = [aTarget({ image: 'web:2', paused: false }), ...replicaSet('web:2'), initial()];
    expect(look('admission', ...serving).doubtsHold).toBe(true);
  });

  it('says nothing about policies where Sluice holds, or while nothing is to be held', () => {
    expect(look('pause', ...objects).doubtsHold).toBeUndefined();
    const quiet = [aTarget({ paused: false }), ...replicaSet('web:1'), initial()];
    expect(look('admission', ...quiet).doubtsHold).toBeUndefined();
  });
});
