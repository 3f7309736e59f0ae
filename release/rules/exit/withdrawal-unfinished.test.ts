import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import type { ReleaseStatus } from '../../../api/kinds/release/status.ts';
import {
  ago,
  aRoute,
  aSnapshot,
  aTarget,
  canary,
  canaryServiceObject,
  changed,
  doing,
  podTemplate,
  replicaSet,
  SERVICE,
  without,
} from '../../../test/support/builders.ts';
import { aRelease, initial, underWay } from '../../../test/support/release-builders.ts';
import { decide } from '../../decide.ts';
import type { Decision } from '../../model.ts';

const look = (objects: (KubeObject | KubeObject[])[]): Decision => decide(aSnapshot(objects));
const ZERO = 'jsonPatch HTTPRoute/web: take all traffic off the canary';
const release = (change: Partial<ReleaseStatus>, spec = {}) =>
  aRelease({ status: { weightObservedAt: ago(200), targetGeneration: 5, ...change }, spec });

describe('a release under way is taken back, traffic first', () => {
  const crashing = canary({ restarts: 3 });
  const loop = canary({ restarts: 2, waiting: 'CrashLoopBackOff' });
  const late = [...canary({ pods: 2, ready: 1, since: 700 })];
  const put = (...by: KubeObject[]) => [...by.reduce(changed, underWay())];

  it.each([
    { given: 'a human aborts', objects: put(release({}, { intent: 'Abort' })), reason: 'AbortedByHuman' },
    {
      given: 'the author sets the stable template back',
      objects: put(aTarget({ generation: 6 })),
      reason: 'RevertedByAuthor',
    },
    {
      given: 'a newer template comes',
      objects: put(aTarget({ image: 'web:3', generation: 6 })),
      reason: 'Superseded',
    },
    {
      given: 'the policy annotation goes',
      objects: put(aTarget({ image: 'web:2', policy: null })),
      reason: 'OptedOut',
    },
    {
      given: 'the target is deleted',
      objects: put(aTarget({ image: 'web:2', deleting: true })),
      reason: 'TargetDeleted',
    },
    {
      given: 'the target is gone',
      objects: without(underWay(), 'Deployment', '^web$'),
      reason: 'TargetDeleted',
    },
    {
      given: 'the target is another one',
      objects: put(aTarget({ image: 'web:2', uid: 'other' })),
      reason: 'TargetDeleted',
    },
    { given: 'the Release is deleted', objects: put(aRelease({ deleting: true })), reason: 'ReleaseDeleted' },
    { given: 'canary pods restart again and again', objects: put(...crashing), reason: 'CanaryCrashLooping' },
    { given: 'canary pods crash in a loop', objects: put(...loop), reason: 'CanaryCrashLooping' },
    {
      given: 'a canary pod is not ready for too long',
      objects: [...put(...late), ...late.slice(3)],
      reason: 'ProgressDeadlineExceeded',
    },
  ])('when $given', ({ objects, reason }) => {
    const decision = look(objects);
    expect(decision).toMatchObject({ reason, status: { next: { phase: 'RollingBack', reason, weight: 0 } } });
    expect(doing(decision)[0]).toBe(ZERO);
  });

  it('when somebody un-pauses the target, which is paused first', () => {
    const decision = look(put(aTarget({ image: 'web:2', paused: false, generation: 6 })));
    expect(doing(decision)).toEqual(['jsonPatch Deployment/web: pause the target', ZERO]);
    expect(decision.status?.next).toMatchObject({ phase: 'RollingBack', reason: 'EscapedHold' });
  });

  it('with the weight written once: nothing more to write when it is 0 already', () => {
    expect(doing(look(put(release({}, { intent: 'Abort' }), aRoute(0))))).toEqual([]);
  });

  it.each(['supersede', 'queue'] as const)('a newer template may wait: onNewRevision %s', (onNewRevision) => {
    const queued = put(
      aTarget({ image: 'web:3', generation: 6 }),
      aRelease({ policy: { onNewRevision }, status: { weightObservedAt: ago(200), targetGeneration: 5 } }),
    );
    expect(look(queued).rule).toBe(onNewRevision === 'queue' ? 'step-due' : 'newer-template');
  });

  it('but not for one of those rejected by the scheduler, which is nobody’s code', () => {
    const rejected = canary({ pods: 1, ready: 0, since: 700, unschedulable: 'no node fits' });
    const decision = look(put(...rejected, aRoute(0), release({ weightObservedAt: undefined as never })));
    expect(decision).toMatchObject({
      reason: 'CanaryRejected',
      outcome: 'stalled',
      status: { next: { phase: 'Waiting', message: expect.stringContaining('no node fits') as unknown } },
    });
    expect(decision.status?.next.verdict).toBeUndefined();
  });

  it('after three supersessions in a row one release is finished', () => {
    const before = [6, 7, 8].map((n) =>
      aRelease({
        name: `web-0${n}`,
        created: 700 + n,
        recorded: false,
        status: { phase: 'Superseded', reason: 'Superseded', weight: 0 },
      }),
    );
    const newer = put(aTarget({ image: 'web:3', generation: 6 }));
    expect([look(newer).rule, look([...newer, ...before]).rule]).toEqual(['newer-template', 'step-due']);
  });
});

describe('traffic to a canary without a ready pod', () => {
  it('is taken off at once, and the release goes on', () => {
    const decision = look(canary({ ready: 0, since: 5 }).reduce(changed, underWay()));
    expect(doing(decision)).toEqual([ZERO]);
    expect(decision.status?.next).toMatchObject({
      phase: 'Progressing',
      reason: 'CanaryUnhealthy',
      weight: 0,
    });
    expect(decision.status?.next.weightObservedAt).toBeUndefined();
  });
});

describe('while a change is held and pods run outside the stable ReplicaSet', () => {
  it.each([
    { given: 'pods of the held template run', objects: [...underWay(), ...replicaSet('web:2', { pods: 1 })] },
    {
      given: 'the stable ReplicaSet is gone',
      objects: without(without(underWay(), 'ReplicaSet', '^web-web-1$'), 'Pod', '^web-web-1'),
    },
  ])('$given: the stable template is rolled out in one write, the held one kept', ({ objects }) => {
    const decision = look(objects);
    expect(doing(decision)).toEqual([
      'mergePatch Release/web-5: remember the newer template',
      'jsonPatch Deployment/web: set the template and let the target roll out',
      ZERO,
    ]);
    expect(decision.actions[0]).toMatchObject({
      write: {
        patch: {
          metadata: { annotations: { 'sluice.dev/set-aside': JSON.stringify(podTemplate('web:2')) } },
        },
      },
    });
    expect(decision.status?.next).toMatchObject({ phase: 'RollingBack', reason: 'StableLost' });
  });
});

describe('the way out', () => {
  const left = (
    change: Partial<ReleaseStatus>,
    route = aRoute(0),
    rest: KubeObject[] = [...canary(), canaryServiceObject()],
  ) => [
    aTarget({ image: 'web:2' }),
    ...replicaSet('web:1'),
    SERVICE,
    route,
    initial(),
    aRelease({
      status: {
        phase: 'RollingBack',
        reason: 'HarmDetected',
        message: 'It failed.',
        weight: 0,
        targetGeneration: 5,
        stepStartedAt: ago(20),
        ...change,
      },
    }),
    ...rest,
  ];
  const clean = (change: Partial<ReleaseStatus> = {}) =>
    changed(
      left({ drainStartedAt: ago(100), ...change }, aRoute(), []),
      aRelease({
        recorded: false,
        status: {
          phase: 'RollingBack',
          reason: 'HarmDetected',
          message: 'It failed.',
          weight: 0,
          targetGeneration: 5,
          drainStartedAt: ago(100),
          ...change,
        },
      }),
    );

  it.each([
    { stage: 'weight 0 first', objects: left({}, aRoute(5)), reason: 'SettingWeight', does: [ZERO] },
    {
      stage: 'then it is confirmed',
      objects: left({}, aRoute(0, false)),
      reason: 'ObservingWeight',
      does: [],
    },
    {
      stage: 'a back end that never confirms is not waited for for ever',
      objects: left({ stepStartedAt: ago(200) }, aRoute(0, false)),
      reason: 'Draining',
      does: [],
    },
    {
      stage: 'a route to a canary Service that is gone has nothing to confirm',
      objects: without(left({}, aRoute(0, false)), 'Service', '-canary$'),
      reason: 'Draining',
      does: [],
    },
    { stage: 'the clock starts', objects: left({}), reason: 'Draining', does: [] },
    {
      stage: 'the back end follows',
      objects: left({ drainStartedAt: ago(5) }),
      reason: 'Settling',
      does: [],
    },
    {
      stage: 'the route is restored',
      objects: left({ drainStartedAt: ago(11) }),
      reason: 'CleaningUp',
      does: ['jsonPatch HTTPRoute/web: restore the route'],
    },
    {
      stage: 'the finalizer goes',
      objects: left({ drainStartedAt: ago(11) }, aRoute()),
      reason: 'CleaningUp',
      does: ['mergePatch Release/web-5: the route is as it was'],
    },
    {
      stage: 'requests in flight end',
      objects: changed(
        left({}, aRoute()),
        aRelease({
          recorded: false,
          status: { phase: 'RollingBack', reason: 'HarmDetected', weight: 0, drainStartedAt: ago(20) },
        }),
      ),
      reason: 'Draining',
      does: [],
    },
    {
      stage: 'the canary is deleted',
      objects: changed(
        left({}, aRoute()),
        aRelease({
          recorded: false,
          status: { phase: 'RollingBack', reason: 'HarmDetected', weight: 0, drainStartedAt: ago(60) },
        }),
      ),
      reason: 'CleaningUp',
      does: [
        'delete Deployment/web-canary: delete the canary',
        'delete Service/web-canary: delete the canary Service',
      ],
    },
    {
      stage: 'its pods are gone',
      objects: [...clean(), ...canary().filter((each) => each.kind === 'Pod')],
      reason: 'CleaningUp',
      does: [],
    },
    {
      stage: 'the target shows the failure, and it has ended',
      objects: clean(),
      reason: 'HarmDetected',
      does: ['jsonPatch Deployment/web: report the failure to native tools', 'event RolledBack'],
    },
  ])('$stage', ({ objects, reason, does }) => {
    const decision = look(objects);
    expect([decision.rule, decision.reason, doing(decision)]).toEqual([
      'withdrawal-unfinished',
      reason,
      does,
    ]);
    expect(decision.status?.next.reason).toBe('HarmDetected');
  });

  it.each(['RolledBack', 'Aborted', 'Superseded', 'Escaped'] as const)(
    'ends %s, as was recorded',
    (endsAs) => {
      const withdrawal = { endsAs, turnedDown: endsAs === 'RolledBack' };
      const { next } = look(clean({ reason: 'StableLost', withdrawal })).status!;
      expect([next.phase, next.reason, next.endedAt]).toEqual([endsAs, 'StableLost', expect.any(String)]);
    },
  );

  it('needs neither policy, templates nor a readable record', () => {
    const spec = { policy: { steps: 'none' } as never, analysis: [{}] };
    const broken = aRelease({
      spec,
      status: { phase: 'RollingBack', reason: 'HarmDetected', weight: 0, drainStartedAt: ago(11) },
    });
    expect(doing(look(changed(left({}), broken)))).toEqual(['jsonPatch HTTPRoute/web: restore the route']);
  });

  it('counts a route that is gone as restored', () => {
    expect(look(without(left({ drainStartedAt: ago(60) }), 'HTTPRoute')).actions).toMatchObject([
      {
        why: 'the route is as it was',
        write: {
          patch: { metadata: { finalizers: [], annotations: { 'sluice.dev/route-originals': null } } },
        },
      },
    ]);
  });

  it('of an opted-out target is told how to resume', () => {
    const objects = changed(clean({ reason: 'OptedOut' }), aTarget({ image: 'web:2', policy: null }));
    const message = look(objects)
      .actions.map((action) => (action.do === 'event' ? action.message : ''))
      .join('');
    expect(message).toContain('kubectl rollout resume deployment/web');
  });

  it('lets a deleted Release go last, when nothing of it is left', () => {
    const going = aRelease({
      deleting: true,
      status: { phase: 'RollingBack', reason: 'ReleaseDeleted', weight: 0, drainStartedAt: ago(100) },
    });
    const objects = left({}, aRoute());
    expect([
      doing(look(changed(objects, going))),
      doing(
        look(
          changed(
            without(objects, 'Deployment', 'canary').filter((each) => !/canary/.test(each.metadata.name)),
            going,
          ),
        ),
      ),
    ]).toEqual([
      [
        'delete Deployment/web-canary: delete the canary',
        'delete Service/web-canary: delete the canary Service',
      ],
      [
        'create Release/web-5-r2: record how the deleted release ended',
        'mergePatch Release/web-5: the route is as it was',
      ],
    ]);
  });
});

describe('a template that was turned down', () => {
  const ended = (policy = {}, secondsAgo = 70) =>
    aRelease({
      recorded: false,
      policy,
      status: {
        phase: 'RolledBack',
        reason: 'HarmDetected',
        message: 'It failed.',
        weight: 0,
        targetGeneration: 5,
        endedAt: ago(secondsAgo),
      },
    });
  const held = (record: KubeObject) =>
    look([aTarget({ image: 'web:2' }), ...replicaSet('web:1'), initial(), record]);

  it('stays held and shown as failed, with the verdict as the message', () => {
    const decision = held(ended());
    expect(decision).toMatchObject({ rule: 'template-turned-down', outcome: 'stalled' });
    expect(decision.actions).toMatchObject([
      {
        write: {
          subresource: 'status',
          patch: [
            { op: 'test', path: '/metadata/uid' },
            { op: 'test', path: '/metadata/generation', value: 5 },
            { value: { status: 'False', reason: 'ProgressDeadlineExceeded', message: 'sluice: It failed.' } },
          ],
        },
      },
    ]);
  });

  it.each([
    { secondsAgo: 30, want: ['jsonPatch Deployment/web: report the failure to native tools'] },
    { secondsAgo: 61, want: ['jsonPatch Deployment/web: set the template and let the target roll out'] },
  ])(
    'is replaced by the stable one under onFailure: revert, $secondsAgo s after its end: $want',
    ({ secondsAgo, want }) => {
      expect(doing(held(ended({ onFailure: 'revert' }, secondsAgo)))).toEqual(want);
    },
  );
});
