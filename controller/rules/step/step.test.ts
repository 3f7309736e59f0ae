import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../../api/kube.ts';
import {
  ago,
  aRoute,
  aSnapshot,
  aTarget,
  canary,
  canaryServiceObject,
  doing,
  NOW,
  replicaSet,
  SERVICE,
  type CanaryChange,
  type SnapshotChange,
} from '../../../test/support/builders.ts';
import {
  FIRST_WINDOW,
  HARM,
  initial,
  measured,
  SAFE,
  stepAt,
  stepRelease,
} from '../../../test/support/release-builders.ts';
import { decide } from '../../decide.ts';
import type { Decision } from '../../model.ts';

const look = (objects: readonly KubeObject[], change: SnapshotChange = {}): Decision =>
  decide(aSnapshot(objects, change));
const step = (weight: number, change = {}) => ({
  weight,
  minDurationMs: 30_000,
  maxDurationMs: 300_000,
  pause: false,
  ...change,
});
const undefinedAt = { weightObservedAt: undefined as never };

describe('a step, in this order', () => {
  const first = {
    status: { ...undefinedAt, reason: 'PreparingCanary', stepStartedAt: ago(10) },
    recorded: false,
  };
  const noCanary: [string, string][] = [
    ['Deployment', 'canary'],
    ['ReplicaSet', 'canary'],
    ['Pod', 'canary'],
  ];

  it.each([
    {
      stage: 'the canary is made',
      objects: stepAt(first, [aRoute()], [...noCanary, ['Service', 'canary']]),
      does: ['create Deployment/web-canary: create the canary'],
    },
    {
      stage: 'one of an earlier release goes first',
      objects: [
        ...stepAt(first, [aRoute()], [...noCanary, ['Service', 'canary']]),
        ...canary({ release: 'web-4' }),
      ],
      does: ['delete Deployment/web-canary: delete the old canary'],
    },
    {
      stage: 'and the pods of it',
      objects: [
        ...stepAt(first, [aRoute()], [...noCanary, ['Service', 'canary']]),
        ...canary({ release: 'web-4' }).filter((each) => each.kind === 'Pod'),
      ],
      does: [],
    },
    {
      stage: 'it is scaled',
      objects: stepAt({ status: { ...undefinedAt, step: 2, weight: 50 } }),
      does: ['jsonPatch Deployment/web-canary: scale the canary'],
    },
    {
      stage: 'it becomes available',
      objects: stepAt(first, [...canary({ ready: 0, since: 5 }), aRoute()]),
      does: [],
    },
    {
      stage: 'its Service is made',
      objects: stepAt(first, [aRoute()], [['Service', 'canary']]),
      does: ['create Service/web-canary: create the canary Service'],
    },
    {
      stage: 'the route is recorded',
      objects: stepAt(first, [aRoute()]),
      does: ['mergePatch Release/web-5: record the route before editing it'],
    },
    {
      stage: 'the weight is written',
      objects: stepAt({ status: first.status }, [aRoute()]),
      does: ['jsonPatch HTTPRoute/web: set the weight'],
    },
    {
      stage: 'the weight is confirmed',
      objects: stepAt({ status: first.status }, [aRoute(5, false)]),
      does: [],
    },
    { stage: 'the weight is observed', objects: stepAt({ status: first.status }, [aRoute(5)]), does: [] },
  ])('$stage', ({ objects, does }) => {
    const decision = look(objects);
    expect([decision.rule, doing(decision)]).toEqual(['stepping', does]);
  });

  it('records finalizer and originals in one guarded write', () => {
    expect(look(stepAt(first, [aRoute()])).actions).toMatchObject([
      {
        write: {
          patch: {
            metadata: {
              resourceVersion: '70',
              finalizers: ['sluice.dev/traffic'],
              annotations: {
                'sluice.dev/route-originals': expect.stringContaining('HTTPRoute/web') as unknown,
              },
            },
          },
        },
      },
    ]);
  });

  it('says when the weight was observed, and shows only what was', () => {
    const { next } = look(stepAt({ status: first.status }, [aRoute(5)])).status!;
    expect(next).toMatchObject({
      weight: 5,
      observedWeight: 5,
      weightObservedAt: new Date(NOW).toISOString(),
    });
  });

  it.each([
    { given: 'just read back', seconds: 3, wait: 'Settling' },
    { given: 'settled', seconds: 11, wait: 'Measuring' },
  ])('gives the back end time: $given', ({ seconds, wait }) => {
    expect(look(stepAt({ status: { weightObservedAt: ago(seconds) } })).reason).toBe(wait);
  });

  it('drops the first samples of a cold pod', () => {
    const cold = canary({ since: 4 });
    expect(look(stepAt({}, cold))).toMatchObject({ reason: 'Settling', requeueAfterMs: 6_000 });
  });

  it('measures closed windows only, each from where the last ended', () => {
    const analysis = {
      version: 1 as const,
      step: 0,
      measuredUntilMs: NOW - 30_000,
      gaps: 0,
      metrics: {},
      verdicts: [],
    };
    const { actions } = look(stepAt({ status: { analysis } }));
    expect(actions).toMatchObject([
      {
        do: 'measure',
        job: { release: 'web-5', step: 0, window: { startMs: NOW - 30_000, endMs: NOW - 15_000 } },
      },
    ]);
    expect(
      look(stepAt({ status: { analysis: { ...analysis, measuredUntilMs: NOW - 16_000 } } })),
    ).toMatchObject({
      actions: [],
      requeueAfterMs: 4_000,
    });
  });

  it('hands the measurement explicit pods and the names of this release', () => {
    const [action] = look(stepAt({})).actions;
    expect(action).toMatchObject({
      job: {
        variables: {
          namespace: 'shop',
          target: 'web',
          release: 'web-5',
          stableService: 'web',
          canaryService: 'web-canary',
          canaryPods: 'web-canary-web-2-0',
          stablePods: 'web-web-1-0,web-web-1-1,web-web-1-2,web-web-1-3',
        },
      },
    });
  });

  it('measures one window at a time', () => {
    expect(look(stepAt({}), { measuring: true }).actions).toEqual([]);
  });
});

describe('a canary that does not become available', () => {
  const waiting = (stepStartedAt: string, change: CanaryChange, reason = 'ScalingCanary') => {
    const status = { ...undefinedAt, reason, stepStartedAt };
    const canaries = canary({ ready: 0, since: 20, ...change });
    return look(stepAt({ status, recorded: false }, [...canaries, aRoute()]));
  };
  const failure = [
    { type: 'ReplicaFailure', status: 'True', message: 'exceeded quota', lastTransitionTime: ago(40) },
  ];

  it.each([
    { given: 'is given its time', decision: waiting(ago(599), {}), want: ['Progressing', 'ScalingCanary'] },
    {
      given: 'pods that come and go are late too',
      decision: waiting(ago(601), {}),
      want: ['RollingBack', 'ProgressDeadlineExceeded'],
    },
    {
      given: 'what the API server refuses is nobody’s code',
      decision: waiting(ago(601), { conditions: failure }),
      want: ['Waiting', 'CanaryRejected'],
    },
    {
      given: 'and has its whole time again once it is accepted',
      decision: waiting(ago(601), {}, 'CanaryRejected'),
      want: ['Progressing', 'ScalingCanary'],
    },
  ])('$given: $want', ({ decision, want }) => {
    expect([decision.status?.next.phase, decision.status?.next.reason]).toEqual(want);
  });

  it('starts its clock anew whenever a stage begins', () => {
    const now = new Date(NOW).toISOString();
    expect(waiting(ago(601), {}, 'CanaryRejected').status?.next.stepStartedAt).toBe(now);
    expect(look(stepAt({}, canary({ ready: 0, since: 5 }))).status?.next.stepStartedAt).toBe(now);
    expect(look(stepAt({ status: undefinedAt }, [aRoute()])).status?.next.stepStartedAt).toBe(now);
  });
});

describe('a route that somebody changed', () => {
  const SET = ['jsonPatch HTTPRoute/web: set the weight again', 'event RouteContested'];

  it('to more is set back at once', () => {
    const decision = look(stepAt({}, [aRoute(60)]));
    expect([doing(decision), decision.status?.next.reasserted]).toEqual([SET, 1]);
  });

  it('to more in one rule of two is set back at once', () => {
    const [low, high] = [aRoute(5), aRoute(60)].map((route) => route.spec!);
    const rules = [low!['rules'], high!['rules']].flat() as JsonObject[];
    const decision = look(stepAt({}, [{ ...aRoute(5), spec: { ...low, rules } }]));
    expect([doing(decision), decision.status?.next.reasserted]).toEqual([SET, 1]);
  });

  it('to less is left until a window has been judged: it may have been Sluice, which lost the record of why', () => {
    expect(look(stepAt({}, [aRoute(0)]))).toMatchObject({
      reason: 'RouteContested',
      actions: [{ do: 'measure' }],
    });
  });

  it.each([
    { given: 'no harm', of: SAFE, does: SET },
    { given: 'no data', of: 'noData' as const, does: SET },
    { given: 'harm', of: HARM, does: [] },
    { given: 'no answer', of: 'serverError' as const, does: ['measure'] },
  ])('to less, and the window shows $given: $does', ({ of, does }) => {
    expect(doing(look(stepAt({}, [aRoute(0)]), { measured: measured(FIRST_WINDOW, of) }))).toEqual(does);
  });

  it('and what was measured meanwhile proves nobody safe; evidence of harm is carried on', () => {
    const result = { measured: measured(FIRST_WINDOW, SAFE) };
    const analysisOf = (objects: KubeObject[]) => look(objects, result).status?.next.analysis;
    const contested = analysisOf(stepAt({}, [aRoute(0)]));
    expect(contested).toMatchObject({ step: 0, verdicts: [] });
    expect(contested?.measuredUntilMs).toBeUndefined();
    // a step that passed carries the same on into the next one
    expect(contested?.metrics).toEqual(analysisOf(stepAt({}))?.metrics);
  });

  it('too often is a human’s business', () => {
    const decision = look(stepAt({ status: { reasserted: 5 } }, [aRoute(60)]));
    expect(decision).toMatchObject({
      outcome: 'stalled',
      status: { next: { phase: 'Waiting', reason: 'RouteContested' } },
    });
    expect(doing(decision)).toEqual(['event RouteContested']);
  });

  it('and is rejected by the back end waits for a human', () => {
    const status = { ...undefinedAt, reason: 'ObservingWeight', stepStartedAt: ago(130) };
    expect(look(stepAt({ status }, [aRoute(5, false)])).status?.next).toMatchObject({
      phase: 'Waiting',
      reason: 'RouteRejected',
    });
  });
});

describe('the size of the canary', () => {
  const sized = (weight: number, observed: number, pods: number, replicas = 10) => {
    const status = { ...undefinedAt, step: 0, weight };
    const more = canary({ pods });
    const base = stepAt({ policy: { steps: [step(weight)] }, status }, [
      aTarget({ image: 'web:2', replicas }),
      ...more,
      aRoute(observed),
    ]);
    const known = new Set(base.map((each) => `${each.kind}/${each.metadata.name}`));
    const decision = look([
      ...base,
      ...more.filter((each) => !known.has(`${each.kind}/${each.metadata.name}`)),
    ]);
    const [action] = decision.actions;
    return action?.do === 'write' && action.write.verb === 'jsonPatch'
      ? [action.why, action.write.patch.at(-1)?.value]
      : [action?.do];
  };

  it('grows before the weight rises', () => {
    expect(sized(50, 5, 1)).toEqual(['scale the canary', 5]);
  });

  it('shrinks only after the lower weight is read back', () => {
    expect(sized(20, 50, 5)[0]).toBe('set the weight');
    expect(sized(20, 20, 5)).toEqual(['scale the canary', 2]);
  });

  it('never touches the target', () => {
    expect(SERVICE.metadata.name).toBe('web');
    const decision = look([
      aTarget({ image: 'web:2', replicas: 40 }),
      ...replicaSet('web:1'),
      ...canary(),
      canaryServiceObject(),
      SERVICE,
      aRoute(5),
      initial(),
      stepRelease({}),
    ]);
    expect(doing(decision)).toEqual(['jsonPatch Deployment/web-canary: scale the canary']);
  });
});
