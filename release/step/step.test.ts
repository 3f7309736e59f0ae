import { describe, expect, it } from 'vitest';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
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
  writing,
  type CanaryChange,
  type SnapshotChange,
} from '../../test/support/builders.ts';
import {
  edited,
  FIRST_WINDOW,
  HARM,
  initial,
  measured,
  SAFE,
  stepAt,
  stepRelease,
} from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';
import type { Decision } from '../model.ts';

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

const noCanary: [string, string][] = [
  ['Deployment', 'canary'],
  ['ReplicaSet', 'canary'],
  ['Pod', 'canary'],
];

describe('a step, in this order', () => {
  const first = {
    status: { ...undefinedAt, reason: 'PreparingCanary' as const, stepStartedAt: ago(10) },
    recorded: false,
  };

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
    expect([decision.rule, doing(decision)]).toEqual(['step-due', does]);
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

  describe('while most canary pods are cold', () => {
    const young = { exposedAt: ago(30), weightObservedAt: ago(30) };
    const jobs = (decision: Decision) =>
      decision.actions.flatMap((action) => (action.do === 'measure' ? [action.job] : []));

    it('measures all the same, and says that they were', () => {
      const [job] = jobs(look(stepAt({ status: young }, canary({ since: 4 }))));
      expect(job).toMatchObject({
        window: { startMs: NOW - 30_000, endMs: NOW - 15_000 },
        warming: true,
        variables: { canaryPods: 'web-canary-web-2-0' },
      });
    });

    it('and then leaves the cold ones out', () => {
      const last = 'web-canary-web-2-2';
      const isLast = ({ metadata }: KubeObject) => metadata.name === last;
      const warm = canary({ pods: 3, since: 100 }).filter((each) => !isLast(each));
      const cold = canary({ pods: 3, since: 4 }).filter(isLast);
      const status = { ...young, weight: 50 };
      const [job] = jobs(
        look([
          ...stepAt({ status, policy: { steps: [step(50)] } }, [aRoute(50)], [...noCanary]),
          ...warm,
          ...cold,
        ]),
      );
      expect(job?.variables['canaryPods']).toBe('web-canary-web-2-0,web-canary-web-2-1');
      expect(job?.warming).toBeUndefined();
    });
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
  const waiting = (stepStartedAt: string, change: CanaryChange, rest: Partial<ReleaseStatus> = {}) => {
    const status = { ...undefinedAt, stepStartedAt, ...rest };
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
      decision: waiting(ago(601), {}, { phase: 'Waiting', waitsFor: 'Pods' }),
      want: ['Progressing', 'ScalingCanary'],
    },
  ])('$given: $want', ({ decision, want }) => {
    expect([decision.status?.next.phase, decision.status?.next.reason]).toEqual(want);
  });

  it('starts its clock anew whenever a stage begins', () => {
    const now = new Date(NOW).toISOString();
    expect(waiting(ago(601), {}, { phase: 'Waiting', waitsFor: 'Pods' }).status?.next.stepStartedAt).toBe(
      now,
    );
    expect(look(stepAt({}, canary({ ready: 0, since: 5 }))).status?.next.stepStartedAt).toBe(now);
    expect(look(stepAt({ status: undefinedAt }, [aRoute()])).status?.next.stepStartedAt).toBe(now);
  });
});

describe('a route that somebody changed', () => {
  const SET = ['jsonPatch HTTPRoute/web: set the weight again', 'event RouteContested'];
  const OFF = ['jsonPatch HTTPRoute/web: take all traffic off the canary', 'event RouteContested'];

  it('to more loses its traffic at once, and the step begins again', () => {
    const decision = look(stepAt({}, [aRoute(60)]));
    expect([decision.rule, doing(decision)]).toEqual(['weight-raised', OFF]);
    const { next } = decision.status!;
    expect(next).toMatchObject({
      phase: 'Progressing',
      weight: 0,
      reasserted: 1,
      reassertedAt: [next.stepStartedAt],
    });
    expect(next.weightObservedAt).toBeUndefined();
  });

  it('is not taken for turned up while a lower weight, or no copies, are about to be written', () => {
    const policy = { steps: [step(50), step(20)] };
    const status = { ...undefinedAt, step: 1, weight: 20 };
    expect(writing(look(stepAt({ policy, status }, [...canary({ pods: 2 }), aRoute(50)])))).toEqual([
      'jsonPatch HTTPRoute/web: set the weight',
    ]);
  });

  it('to more in one rule of two loses its traffic at once', () => {
    const [low, high] = [aRoute(5), aRoute(60)].map((route) => route.spec!);
    const rules = [low!['rules'], high!['rules']].flat() as JsonObject[];
    const decision = look(stepAt({}, [{ ...aRoute(5), spec: { ...low, rules } }]));
    expect([doing(decision), decision.status?.next.reasserted]).toEqual([OFF, 1]);
  });

  it('to less is left until a window has been judged: it may have been Sluice, which lost the record of why', () => {
    expect(look(stepAt({}, [aRoute(0)]))).toMatchObject({
      reason: 'RouteContested' as const,
      actions: [{ do: 'measure' }],
    });
  });

  it.each([
    { given: 'no harm', of: SAFE, does: SET },
    { given: 'no data', of: 'noData' as const, does: SET },
    { given: 'harm', of: HARM, does: [] },
    { given: 'no answer', of: 'serverError' as const, does: [] },
  ])('to less, and the window shows $given: $does', ({ of, does }) => {
    const result = { measured: measured(FIRST_WINDOW, of) };
    const first = look(stepAt({}, [aRoute(0)]), result);
    expect(first.status?.next.analysis?.measuredUntilMs).toBe(FIRST_WINDOW.endMs);
    const { phase } = first.status!.next;
    // what was judged is recorded before the route is written to
    const then =
      phase === 'RollingBack' ? first : look(stepAt({ status: first.status!.next }, [aRoute(0)]), result);
    expect(writing(then)).toEqual(does);
  });

  it('proves nobody safe before its weight is observed again; evidence of harm is carried on', () => {
    const passed = look(stepAt({}), { measured: measured(FIRST_WINDOW, SAFE) }).status!.next;
    const known = look(stepAt({}, [aRoute(0)]), { measured: measured(FIRST_WINDOW, SAFE) }).status!.next;
    const status = { ...undefinedAt, analysis: known.analysis!, weightWrittenAt: ago(1) };
    const again = look(stepAt({ status }, [aRoute(5)])).status!.next;
    expect(again.weightObservedAt).toBe(new Date(NOW).toISOString());
    expect(again.analysis?.measuredUntilMs).toBe(FIRST_WINDOW.endMs);
    // a step that passed passes the same metrics on to the next one
    expect(again.analysis?.metrics).toEqual(passed.analysis?.metrics);
  });

  it('too often gets nothing any more, until a human says how to go on', () => {
    const decision = look(stepAt({ status: edited(5) }, [aRoute(60)]));
    expect(decision).toMatchObject({
      outcome: 'stalled',
      status: {
        next: {
          phase: 'Waiting',
          reason: 'RouteContested' as const,
          weight: 0,
          withheld: { reason: 'RouteContested' as const },
        },
      },
    });
    expect(doing(decision)).toEqual(OFF);
  });

  it('is fought as long as that happens seldom: edits of long ago are forgotten', () => {
    const status = { reasserted: 50, reassertedAt: [1900, 1700, 700, 601, 599].map(ago) };
    const { next } = look(stepAt({ status }, [aRoute(60)])).status!;
    expect([next.phase, next.reasserted, next.reassertedAt?.length]).toEqual(['Progressing', 51, 2]);
  });

  describe('and is not confirmed by the back end', () => {
    const at = (seconds: number) => ({
      ...undefinedAt,
      exposedAt: ago(seconds),
      weightWrittenAt: ago(seconds),
    });

    it('is judged meanwhile, by the clock that bounds it', () => {
      const { actions, status } = look(stepAt({ status: at(30) }, [aRoute(5, false)]));
      expect(actions).toMatchObject([{ do: 'measure', job: { window: { startMs: NOW - 30_000 } } }]);
      expect(status?.next.clocks).toEqual([
        { name: 'unconfirmed', since: ago(30), until: new Date(NOW + 90_000).toISOString() },
      ]);
      const harm = measured({ startMs: NOW - 30_000, endMs: NOW - 15_000 }, HARM);
      const withdrawn = look(stepAt({ status: at(30) }, [aRoute(5, false)]), { measured: harm });
      expect([withdrawn.rule, withdrawn.reason]).toEqual(['harm-shown', 'HarmDetected']);
    });

    it('is taken back after two minutes', () => {
      const decision = look(stepAt({ status: at(121) }, [aRoute(5, false)]));
      expect(decision.status?.next).toMatchObject({
        phase: 'Waiting',
        reason: 'RouteRejected' as const,
        weight: 0,
        interruptions: { RouteRejected: 1 },
      });
      expect(doing(decision)[0]).toBe(OFF[0]);
    });
  });
});

describe('the size of the canary', () => {
  const sized = (weight: number, observed: number, pods: number, replicas = 10) => {
    const status = { ...undefinedAt, step: 1, weight };
    const more = canary({ pods });
    const base = stepAt({ policy: { steps: [step(50), step(weight)] }, status }, [
      aTarget({ image: 'web:2', replicas }),
      ...more,
      aRoute(observed),
    ]);
    const known = new Set(base.map((each) => `${each.kind}/${each.metadata.name}`));
    const decision = look([
      ...base,
      ...more.filter((each) => !known.has(`${each.kind}/${each.metadata.name}`)),
    ]);
    const action = decision.actions.find((each) => each.do === 'write');
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
    expect(writing(decision)).toEqual(['jsonPatch Deployment/web-canary: scale the canary']);
  });
});
