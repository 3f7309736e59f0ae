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
  writing,
  podTemplate,
  replicaSet,
  SERVICE,
  type TargetChange,
} from '../../../test/support/builders.ts';
import { aRelease, initial, underWay } from '../../../test/support/release-builders.ts';
import { decide } from '../../decide.ts';
import type { Decision } from '../../model.ts';

const look = (objects: readonly KubeObject[]): Decision => decide(aSnapshot(objects));
const ROLL_OUT = 'jsonPatch Deployment/web: let the target roll out';
const RESTORE = 'jsonPatch Deployment/web: set the template and let the target roll out';
const ZERO = 'jsonPatch HTTPRoute/web: take all traffic off the canary';

interface Shape {
  target?: TargetChange;
  status?: Partial<ReleaseStatus>;
  intent?: 'Abort';
  recorded?: boolean;
  route?: KubeObject;
  /** ready pods of the new template in the target; undefined: none was made yet */
  rolled?: number;
  gone?: boolean;
}

function promotion({ target, status, intent, recorded, route, rolled, gone }: Shape): KubeObject[] {
  const old = rolled === undefined ? 4 : 4 - rolled;
  return [
    aTarget({ image: 'web:2', ...target }),
    ...replicaSet('web:1', { pods: old }),
    ...(rolled === undefined ? [] : replicaSet('web:2', { pods: rolled })),
    ...(gone === true ? [] : [...canary({ pods: 2 }), canaryServiceObject()]),
    SERVICE,
    route ?? aRoute(50),
    initial(),
    aRelease({
      ...(recorded === undefined ? {} : { recorded }),
      ...(intent === undefined ? {} : { spec: { intent } }),
      status: {
        phase: 'Promoting',
        reason: 'AllStepsPassed' as const,
        step: 2,
        weight: 50,
        targetGeneration: 5,
        weightObservedAt: ago(60),
        stepStartedAt: ago(60),
        ...status,
      },
    }),
  ];
}

describe('promotion', () => {
  it.each([
    { stage: 'un-pauses the target, the weight unchanged', shape: {}, does: [ROLL_OUT] },
    {
      stage: 'waits for the native rolling update',
      shape: { target: { paused: false }, rolled: 2 },
      does: [],
    },
    {
      stage: 'takes the weight away only when that is complete',
      shape: { target: { paused: false }, rolled: 4 },
      does: [ZERO],
    },
    {
      stage: 'starts the clock',
      shape: { target: { paused: false }, rolled: 4, route: aRoute(0) },
      does: [],
    },
    {
      stage: 'restores the route',
      shape: { target: { paused: false }, rolled: 4, route: aRoute(0), status: { drainStartedAt: ago(11) } },
      does: ['jsonPatch HTTPRoute/web: restore the route'],
    },
    {
      stage: 'deletes the canary after the drain',
      shape: {
        target: { paused: false },
        rolled: 4,
        route: aRoute(),
        recorded: false,
        status: { drainStartedAt: ago(45) },
      },
      does: [
        'delete Deployment/web-canary: delete the canary',
        'delete Service/web-canary: delete the canary Service',
      ],
    },
    {
      stage: 'pauses the target last',
      shape: {
        target: { paused: false },
        rolled: 4,
        route: aRoute(),
        recorded: false,
        gone: true,
        status: { drainStartedAt: ago(45) },
      },
      does: ['jsonPatch Deployment/web: pause the target', 'event Promoted'],
    },
    {
      stage: 'does not un-pause again when only the last record was lost',
      shape: { rolled: 4, route: aRoute(), recorded: false, gone: true, status: { drainStartedAt: ago(45) } },
      does: ['event Promoted'],
    },
  ] as { stage: string; shape: Shape; does: string[] }[])('$stage', ({ shape, does }) => {
    const decision = look(promotion(shape));
    expect([decision.rule, writing(decision)]).toEqual(['promotion-unfinished', does]);
  });

  it.each([
    ['Analysis', /^Every step passed/],
    ['Answer', /without a complete analysis: a human resumed its last step\.$/],
  ] as const)('ordered for %s says so at its end', (promotedFor, says) => {
    const status = { promotedFor, drainStartedAt: ago(45) };
    const shape = { target: { paused: false }, rolled: 4, route: aRoute(), recorded: false, gone: true };
    expect(look(promotion({ ...shape, status })).sentence).toMatch(says);
  });

  it('ends Promoted and remembers the ReplicaSet that serves', () => {
    const shape = {
      target: { paused: false },
      rolled: 4,
      route: aRoute(),
      recorded: false,
      gone: true,
      status: { drainStartedAt: ago(45) },
    };
    expect(look(promotion(shape)).status?.next).toMatchObject({
      phase: 'Promoted',
      reason: 'Promoted' as const,
      replicaSet: 'web-web-2',
      weight: 0,
    });
  });

  it('un-pauses exactly the generation that was judged, and takes the marker off', () => {
    const { actions } = look(promotion({ target: { annotations: { 'sluice.dev/held': 'web-5' } } }));
    const action = actions.find((each) => each.do === 'write');
    expect(action).toMatchObject({
      write: {
        patch: [
          { op: 'test', path: '/metadata/uid' },
          { op: 'test', path: '/metadata/generation', value: 5 },
          { op: 'add', path: '/spec/paused', value: false },
          { op: 'remove', path: '/metadata/annotations/sluice.dev~1held' },
        ],
      },
    });
  });

  it('is recorded before anything is written to the target', () => {
    const ordered = aRelease({
      spec: { intent: 'Promote' },
      status: { weightObservedAt: ago(200), targetGeneration: 5 },
    });
    const decision = look(changed(underWay(), ordered));
    expect([writing(decision), decision.status?.next.phase]).toEqual([[], 'Promoting']);
  });
});

describe('a promotion that goes wrong', () => {
  const late = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' as const }];
  const mid = { rolled: 2, target: { paused: false } };

  it.each([
    { given: 'an abort', shape: { ...mid, intent: 'Abort' as const }, reason: 'AbortedByHuman' as const },
    {
      given: 'the native deadline',
      shape: { rolled: 2, target: { paused: false, conditions: late } },
      reason: 'ProgressDeadlineExceeded' as const,
    },
    {
      given: 'the author’s return to stable',
      shape: { rolled: 2, target: { paused: false, image: 'web:1' } },
      reason: 'RevertedByAuthor' as const,
    },
  ] as { given: string; shape: Shape; reason: string }[])(
    'by $given takes the weight away first',
    ({ shape, reason }) => {
      const decision = look(promotion(shape));
      expect([decision.reason, decision.status?.next.phase, writing(decision)]).toEqual([
        reason,
        'RollingBack',
        [ZERO],
      ]);
    },
  );

  it('is not ended by a clock while the native one has not run out: a big target may take its time', () => {
    const decision = look(promotion({ ...mid, status: { promotionStartedAt: ago(9_000) } }));
    expect([decision.status?.next.phase, writing(decision)]).toEqual(['Promoting', []]);
  });

  const undone = {
    phase: 'RollingBack' as const,
    reason: 'AbortedByHuman' as const,
    withdrawal: { endsAs: 'Aborted' as const, turnedDown: true },
    weight: 0,
    promotionStartedAt: ago(30),
  };

  it.each([
    {
      stage: 'stops the rolling update',
      shape: { ...mid, route: aRoute(0) },
      does: ['jsonPatch Deployment/web: pause the target'],
    },
    { stage: 'waits for weight 0', shape: { rolled: 2, route: aRoute(50) }, does: [ZERO] },
    {
      stage: 'then brings the stable template back in one write',
      shape: { rolled: 2, route: aRoute(0) },
      does: [RESTORE],
    },
    {
      stage: 'waits until it serves alone',
      shape: {
        rolled: 1,
        target: { paused: false, image: 'web:1' },
        route: aRoute(),
        recorded: false,
        gone: true,
        status: { drainStartedAt: ago(99) },
      },
      does: [],
    },
    {
      stage: 'and pauses it',
      shape: {
        target: { paused: false, image: 'web:1' },
        route: aRoute(),
        recorded: false,
        gone: true,
        status: { drainStartedAt: ago(99) },
      },
      does: ['jsonPatch Deployment/web: pause the target'],
    },
    {
      stage: 'and shows the failure on it, for a pipeline that waits',
      shape: {
        target: { image: 'web:1' },
        route: aRoute(),
        recorded: false,
        gone: true,
        status: { drainStartedAt: ago(99) },
      },
      does: ['jsonPatch Deployment/web: report the failure to native tools', 'event Aborted'],
    },
  ] as { stage: string; shape: Shape; does: string[] }[])('$stage', ({ shape, does }) => {
    expect(writing(look(promotion({ ...shape, status: { ...undone, ...shape.status } })))).toEqual(does);
  });

  it('leaves that sign until the next template comes', () => {
    const conditions = [
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' as const },
    ];
    const status = {
      phase: 'RolledBack' as const,
      reason: 'ProgressDeadlineExceeded' as const,
      weight: 0,
      promotionStartedAt: ago(30),
    };
    expect(
      look([aTarget({ conditions }), ...replicaSet('web:1'), initial(), aRelease({ status })]),
    ).toMatchObject({ rule: 'nothing-due', actions: [] });
  });
});

describe('a newer template during promotion', () => {
  const newer = { image: 'web:3', generation: 6 };

  it('freezes the target, takes the weight away and is set aside', () => {
    expect(writing(look(promotion({ rolled: 2, target: { ...newer, paused: false } })))).toEqual([
      'jsonPatch Deployment/web: pause the target',
      ZERO,
      'mergePatch Release/web-5: remember the newer template',
    ]);
  });

  it('waits until the proven one serves alone', () => {
    const objects = promotion({ rolled: 2, target: newer, route: aRoute(0) });
    const annotations = { 'sluice.dev/set-aside': JSON.stringify(podTemplate('web:3')) };
    const release = objects.find((each) => each.metadata.name === 'web-5')!;
    const aside = {
      ...release,
      metadata: { ...release.metadata, annotations: { ...release.metadata.annotations, ...annotations } },
    };
    const decision = look(changed(objects, aside));
    expect(decision.actions).toMatchObject([
      {
        write: {
          patch: [
            {},
            { value: 6 },
            { path: '/spec/template', value: podTemplate('web:2') },
            { value: false },
          ],
        },
      },
    ]);
  });
});

describe('a newer template that is too large to be set aside', () => {
  const large = { image: `web:${'3'.repeat(200 * 1024)}`, generation: 6 };

  it('does not stand in the way of the proven one, and its loss is told', () => {
    const decision = look(promotion({ rolled: 2, target: large, route: aRoute(0) }));
    expect(writing(decision)[0]).toBe(RESTORE);
    expect(decision.actions[1]).toMatchObject({
      do: 'event',
      type: 'Warning',
      message: expect.stringMatching(/spec\.template has 201 KiB.*192.*ConfigMap/) as string,
    });
  });
});

describe('a broken stable version', () => {
  const broken = (since: number) =>
    [...replicaSet('web:1', { ready: 0, since })].reduce(
      changed,
      changed(
        underWay({ status: { stableUnavailable: { since: ago(since), changedAt: ago(since) } } }),
        aTarget({
          image: 'web:2',
          conditions: [{ type: 'Available', status: 'False', lastTransitionTime: ago(since) }],
        }),
      ),
    );

  it.each([
    { since: 59, want: 'step-due' },
    { since: 61, want: 'stable-unavailable' },
  ])('without an available pod for $since s: $want', ({ since, want }) => {
    expect(look(broken(since)).rule).toBe(want);
  });

  it('does not bring a canary forward that is not ready', () => {
    const objects = [...canary({ ready: 0, since: 20 }), aRoute(0)].reduce(changed, broken(90));
    expect(look(objects).status?.next.phase).toBe('Progressing');
  });

  it('does not stop a roll back', () => {
    const release = aRelease({
      spec: { intent: 'Abort' },
      status: { weightObservedAt: ago(200), targetGeneration: 5 },
    });
    expect(look(changed(broken(90), release)).status?.next.phase).toBe('RollingBack');
  });
});
