import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import {
  ago,
  aRoute,
  aSnapshot,
  aTarget,
  doing,
  podTemplate,
  replicaSet,
  SERVICE,
} from '../../../test/support/builders.ts';
import { aRelease, initial } from '../../../test/support/release-builders.ts';
import { decide } from '../../decide.ts';
import type { Decision } from '../../model.ts';

const look = (...objects: (KubeObject | KubeObject[])[]): Decision => decide(aSnapshot(objects));
const one = (decision: Decision) => [decision.rule, decision.reason, ...doing(decision)];

describe('a target seen for the first time', () => {
  it.each([
    {
      given: 'two ReplicaSets serve',
      sets: [replicaSet('web:1'), replicaSet('web:0', { pods: 2 })],
      paused: false,
    },
    { given: 'no pod is ready yet', sets: [replicaSet('web:1', { ready: 0 })], paused: false },
    { given: 'it is about to roll out another template', sets: [replicaSet('web:0')], paused: false },
    { given: 'nothing was made of it yet', sets: [], paused: false },
  ])('waits while $given', ({ sets, paused }) => {
    expect(one(look(aTarget({ paused }), ...sets))).toEqual(['nothing-recorded', 'RolloutInProgress']);
  });

  it('is paused once one ReplicaSet serves alone, at the generation that was looked at', () => {
    const decision = look(aTarget({ paused: false, generation: 3 }), replicaSet('web:1'));
    expect(decision.actions).toEqual([
      {
        do: 'write',
        why: 'pause the target',
        write: {
          verb: 'jsonPatch',
          ref: expect.objectContaining({ name: 'web', namespace: 'shop' }) as unknown,
          patch: [
            { op: 'test', path: '/metadata/uid', value: 'uid-web' },
            { op: 'test', path: '/metadata/generation', value: 3 },
            { op: 'add', path: '/spec/paused', value: true },
          ],
        },
      },
    ]);
  });

  it('is recorded as Initial with the raw stable template, owned by the target', () => {
    const decision = look(aTarget(), replicaSet('web:1'));
    expect(one(decision)).toEqual([
      'nothing-recorded',
      'Initial',
      'create Release/web-5: record what serves',
      'event Initial',
    ]);
    const [action] = decision.actions;
    expect(action).toMatchObject({
      write: {
        object: {
          metadata: {
            labels: { 'sluice.dev/target': 'web' },
            ownerReferences: [{ kind: 'Deployment', name: 'web', uid: 'uid-web', blockOwnerDeletion: false }],
          },
          spec: { stable: { replicaSet: 'web-web-1', template: podTemplate('web:1') } },
        },
      },
    });
    expect(decision.status).toMatchObject({
      release: 'web-5',
      next: { phase: 'Promoted', reason: 'Initial', replicaSet: 'web-web-1' },
    });
  });

  it('that was paused with a change in it already is recorded with what serves, not with the change', () => {
    const decision = look(aTarget({ image: 'web:2' }), replicaSet('web:1'));
    expect(decision.actions[0]).toMatchObject({
      write: {
        object: {
          spec: { stable: { template: podTemplate('web:1') }, canary: { template: podTemplate('web:1') } },
        },
      },
    });
  });

  describe('whose template is too large for a record', () => {
    const image = `web:${'1'.repeat(600 * 1024)}`;
    const says = /record would hold 12\d\d KiB .*more than the 1024 .*move long values into a ConfigMap/;

    it('is not paused, and nothing is recorded', () => {
      const decision = look(aTarget({ image, paused: false }), replicaSet(image));
      expect(one(decision)).toEqual(['nothing-recorded', 'TargetUnsupported', 'event TargetUnsupported']);
      expect(decision).toMatchObject({ outcome: 'stalled', sentence: expect.stringMatching(says) as string });
    });

    it('is not left paused', () => {
      const held = aTarget({ image, annotations: { 'sluice.dev/held': 'new' } });
      const decision = look(held, replicaSet(image));
      expect(doing(decision)).toEqual([
        'jsonPatch Deployment/web: let the target roll out',
        'event TargetUnsupported',
      ]);
    });
  });

  it('at 0 replicas is recorded by its template', () => {
    expect(look(aTarget({ replicas: 0 }), replicaSet('web:1', { pods: 0 })).reason).toBe('Initial');
  });

  it('gets its record again if only the status of it was lost', () => {
    const record = initial({ status: null, annotations: { 'sluice.dev/recorded-as': 'Initial' } });
    const decision = look(aTarget(), replicaSet('web:1'), record);
    expect(decision).toMatchObject({
      rule: 'record-unfinished',
      actions: [],
      status: { next: { phase: 'Promoted', reason: 'Initial' } },
    });
  });
});

describe('a target that was deleted and made again', () => {
  const again = (image: string) => [
    aTarget({ uid: 'uid-new', image, generation: 1 }),
    ...replicaSet(image, {}, 'uid-new'),
  ];

  it.each([
    { image: 'web:1', want: 'Initial', phase: 'Promoted' },
    { image: 'web:2', want: 'EscapedHold', phase: 'Escaped' },
  ])('with $image is recorded as $want', ({ image, want, phase }) => {
    expect(look(...again(image), initial())).toMatchObject({
      reason: want,
      status: { next: { phase, reason: want } },
    });
  });

  it.each([
    { given: 'another Deployment', uid: 'uid-web', image: 'web:2', want: 'EscapedHold' },
    { given: 'another Deployment, of the same template', uid: 'uid-web', image: 'web:1', want: 'Initial' },
    { given: 'this very Deployment', uid: 'uid-new', image: 'web:2', want: 'Initial' },
  ])('is recorded as $want if the last Releases seen were of $given', ({ uid, image, want }) => {
    const stable = { replicaSet: 'web-web-1', template: podTemplate('web:1') };
    const decision = decide(aSnapshot(again(image), { lastStable: { uid, stable } }));
    expect(decision.reason).toBe(want);
    const recorded = want === 'EscapedHold' ? stable : { replicaSet: `web-${image.replace(':', '-')}` };
    expect(decision.actions[0]).toMatchObject({ write: { object: { spec: { stable: recorded } } } });
  });

  it('gets a name of its own where an old Release bears the one of its generation', () => {
    const decision = look(...again('web:1'), initial({ name: 'web-1' }));
    expect(doing(decision)).toEqual(['create Release/web-1-r2: record what serves', 'event Initial']);
  });
});

describe('an idle target', () => {
  const stable = replicaSet('web:1');

  it.each([
    {
      given: 'un-paused',
      target: aTarget({ paused: false }),
      want: ['hold-due', 'Holding', 'jsonPatch Deployment/web: pause the target'],
    },
    {
      given: 'un-paused with a new template that has not rolled out',
      target: aTarget({ paused: false, image: 'web:2' }),
      want: ['change-escaped', 'Holding', 'jsonPatch Deployment/web: pause the target'],
    },
    { given: 'paused at stable', target: aTarget(), want: ['nothing-due', 'Idle'] },
    {
      given: 'showing the failure of a template that is gone',
      target: aTarget({
        conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
      }),
      want: ['nothing-due', 'Idle', 'jsonPatch Deployment/web: clear the failure of an earlier template'],
    },
  ])('$given: $want', ({ target, want }) => {
    expect(one(look(target, stable, initial()))).toEqual(want);
  });

  it('is not held back from going to stable natively', () => {
    const rolling = [
      aTarget({ paused: false }),
      ...replicaSet('web:1', { pods: 2 }),
      ...replicaSet('web:2', { pods: 2 }),
    ];
    expect(one(look(...rolling, initial()))).toEqual(['hold-due', 'RolloutInProgress']);
  });

  it('whose change is rolling out is paused and recorded as escaped; stable stays stable', () => {
    const rolling = [
      aTarget({ paused: false, image: 'web:2' }),
      ...replicaSet('web:1', { pods: 3 }),
      ...replicaSet('web:2', { pods: 1 }),
    ];
    const decision = look(...rolling, initial());
    expect(one(decision)).toEqual([
      'change-escaped',
      'EscapedHold',
      'jsonPatch Deployment/web: pause the target',
      'create Release/web-5: record what serves',
      'event EscapedHold',
    ]);
    expect(decision.status?.next.replicaSet).toBeUndefined();
  });

  it('whose change has rolled out whole is recorded as escaped, and that is stable now', () => {
    const rolled = [
      aTarget({ paused: false, image: 'web:2' }),
      ...replicaSet('web:1', { pods: 0 }),
      ...replicaSet('web:2'),
    ];
    expect(look(...rolled, initial()).status?.next).toMatchObject({
      phase: 'Escaped',
      replicaSet: 'web-web-2',
    });
  });

  it('whose escaped pods still run beside stable ones gets the stable template back in one write', () => {
    const escaped = aRelease({
      status: { phase: 'Escaped', reason: 'EscapedHold', weight: 0, targetGeneration: 5 },
    });
    const objects = [
      aTarget({ image: 'web:2' }),
      ...replicaSet('web:1', { pods: 3 }),
      ...replicaSet('web:2', { pods: 1 }),
    ];
    const decision = look(...objects, escaped);
    expect(decision.rule).toBe('stable-lost');
    expect(decision.actions[0]).toMatchObject({
      write: {
        patch: [
          { op: 'test', path: '/metadata/uid' },
          { op: 'test', path: '/metadata/generation', value: 5 },
          { op: 'replace', path: '/spec/template', value: podTemplate('web:1') },
          { op: 'add', path: '/spec/paused', value: false },
        ],
      },
    });
  });
});

describe('a template that was set aside', () => {
  const aside = { 'sluice.dev/set-aside': JSON.stringify(podTemplate('web:3')) };
  const promoted = aRelease({
    annotations: aside,
    status: {
      phase: 'Promoted',
      reason: 'Promoted',
      weight: 0,
      observedWeight: 0,
      replicaSet: 'web-web-2',
      endedAt: ago(5),
    },
  });

  it('is put back, held, when the stable one serves alone', () => {
    const decision = look(aTarget({ image: 'web:2' }), replicaSet('web:2'), promoted);
    expect(decision.rule).toBe('template-set-aside');
    expect(decision.actions[0]).toMatchObject({
      write: {
        patch: [
          {},
          {},
          { path: '/spec/template', value: podTemplate('web:3') },
          { path: '/spec/paused', value: true },
        ],
      },
    });
  });

  it('is forgotten once the target holds it, or something newer', () => {
    const decision = look(aTarget({ image: 'web:3' }), replicaSet('web:2'), promoted);
    expect(decision.actions).toMatchObject([
      {
        write: {
          patch: { metadata: { annotations: { 'sluice.dev/set-aside': null }, resourceVersion: '70' } },
        },
      },
    ]);
  });
});

describe('what is left of releases that are gone', () => {
  it('is removed, the ended Releases beyond the limit included', () => {
    const ended = Array.from({ length: 12 }, (_, index) =>
      aRelease({
        name: `web-${20 + index}`,
        images: ['web:1', 'web:1'],
        created: 1000 - index,
        status: {
          phase: 'Promoted',
          reason: 'Promoted',
          weight: 0,
          replicaSet: 'web-web-1',
          endedAt: ago(5),
        },
        policy: { historyLimit: 10 },
      }),
    );
    expect(doing(look(aTarget(), replicaSet('web:1'), SERVICE, aRoute(), ended))).toEqual([
      'delete Release/web-21: delete an old release',
      'delete Release/web-20: delete an old release',
    ]);
  });
});
