import { describe, expect, it } from 'vitest';
import { judgeWindow, startStep } from '../../analysis/judge/core/judge.ts';
import type { Measurement } from '../../api/analysis.ts';
import type { KubeObject } from '../../api/kube.ts';
import { defaultTemplate } from '../../api/kinds/template/template.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import {
  ago,
  aRoute,
  aSnapshot,
  canary,
  changed,
  doing,
  NOW,
  UID,
  type SnapshotChange,
} from '../../test/support/builders.ts';
import {
  aRelease,
  FAST,
  FIRST_WINDOW,
  HARM,
  measured,
  SAFE,
  stepAt,
  type StepShape,
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

describe('a measured window', () => {
  it('that shows harm takes the release back, with the numbers', () => {
    const decision = look(stepAt({}), { measured: measured(FIRST_WINDOW, HARM) });
    expect(decision).toMatchObject({
      reason: 'HarmDetected' as const,
      status: { next: { phase: 'RollingBack', verdict: { result: 'fail' } } },
    });
    expect(doing(decision)).toEqual(['jsonPatch HTTPRoute/web: take all traffic off the canary']);
    expect(Object.keys(decision.status?.next.decisions.at(-1)?.numbers ?? {})).not.toEqual([]);
  });

  it('that proves the step begins the next one: recorded first, nothing written', () => {
    const decision = look(stepAt({}), { measured: measured(FIRST_WINDOW, SAFE) });
    expect(decision).toMatchObject({
      reason: 'StepPassed' as const,
      actions: [],
      status: { next: { phase: 'Progressing', step: 1, weight: 25, observedWeight: 5 } },
    });
    expect(decision.status?.next.weightObservedAt).toBeUndefined();
    expect(decision.status?.next.analysis).toMatchObject({ step: 1 });
  });

  it('that proves the last step begins the promotion', () => {
    const window = { ...measured(FIRST_WINDOW, SAFE), step: 2 };
    const last = stepAt({ status: { step: 2, weight: 50 } }, [...canary({ pods: 2 }), aRoute(50)]);
    const objects = [...last, ...canary({ pods: 2 }).filter((each) => each.metadata.name.endsWith('-1'))];
    expect(look(objects, { measured: window })).toMatchObject({
      reason: 'AllStepsPassed' as const,
      status: { next: { phase: 'Promoting' } },
    });
  });

  it.each(['serverError', 'noData'] as const)(
    'without numbers (%s) never passes and never fails',
    (outcome) => {
      const decision = look(stepAt({}), { measured: measured(FIRST_WINDOW, outcome) });
      expect(decision.status?.next).toMatchObject({
        phase: 'Progressing',
        step: 0,
        verdict: { result: 'inconclusive' },
        analysis: { measuredUntilMs: FIRST_WINDOW.endMs },
      });
    },
  );

  it.each([
    { given: 'of another release', measured: { ...measured(FIRST_WINDOW, HARM), release: 'web-4' } },
    { given: 'of another step', measured: { ...measured(FIRST_WINDOW, HARM), step: 1 } },
    {
      given: 'of another time',
      measured: measured({ startMs: FIRST_WINDOW.startMs - 15_000, endMs: FIRST_WINDOW.startMs }, HARM),
    },
  ])('$given is not judged', ({ measured: result }) => {
    expect(look(stepAt({}), { measured: result }).status?.next.verdict).toBeUndefined();
  });
});

describe('the first window of a release', () => {
  const burst = (i: number, bad: number): Measurement => ({
    metric: 'error-rate',
    window: { startMs: i, endMs: i + 1 },
    outcome: 'ok',
    kind: 'counts',
    canary: { total: 150, bad },
    stable: { total: 2850, bad: 28 },
  });
  const templates = [{ use: { template: 'http', args: {} }, template: defaultTemplate() }];
  const analysis = Array.from({ length: 40 }, (_, i) => i).reduce(
    (state, i) =>
      judgeWindow(state, {
        templates,
        measurements: [burst(i, i % 4 === 0 ? 12 : 0)],
        window: { startMs: i, endMs: i + 1 },
      }).state,
    startStep(undefined, 2),
  );
  const former = (target = UID) =>
    aRelease({
      name: 'web-4',
      created: 5_000,
      images: ['web:0', 'web:1'],
      spec: { target: { name: 'web', uid: target } },
      status: { phase: 'Promoted', replicaSet: 'web-web-1', endedAt: ago(4_000), analysis },
    });
  const dispersion = (...earlier: KubeObject[]) => {
    const change = { measured: measured(FIRST_WINDOW, { canary: [1, 150], stable: [28, 2850] }) };
    return look([...stepAt({}), ...earlier], change).status!.next.verdict!.numbers['dispersion'];
  };

  it('begins with the dispersion its predecessor learnt', () => {
    expect(dispersion()).toBe(1);
    expect(dispersion(former())).toBeGreaterThan(1);
  });

  it('owes nothing to a Deployment of the same name that is gone', () => {
    expect(dispersion(former('another'))).toBe(1);
  });
});

const verdict = (result: 'pass' | 'inconclusive') => ({
  verdict: {
    result,
    reason: result === 'pass' ? ('SafeProven' as const) : ('NoData' as const),
    sentence: 'So it is.',
    numbers: {},
  },
  analysis: {
    version: 1 as const,
    step: 0,
    measuredUntilMs: NOW - 1_000,
    gaps: 0,
    metrics: {},
    verdicts: [],
  },
});

describe('the end of a step', () => {
  const steps = (change = {}) => ({ policy: { steps: [step(5, change), step(50)] } });
  const passed = { status: verdict('pass') };
  const resumed = { annotations: { 'sluice.dev/resumed-step': '0' } };

  it.each([
    {
      given: 'passed, but too short',
      shape: { ...steps({ minDurationMs: 300_000 }), ...passed },
      reason: 'MinimumDuration' as const,
      phase: 'Progressing',
    },
    {
      given: 'passed',
      shape: { ...steps(), ...passed },
      reason: 'StepPassed' as const,
      phase: 'Progressing',
    },
    {
      given: 'passed, with a pause',
      shape: { ...steps({ pause: true }), ...passed },
      reason: 'PausedByStep' as const,
      phase: 'Waiting',
    },
    {
      given: 'passed, let go on from its pause',
      shape: { ...steps({ pause: true }), ...passed, ...resumed, recorded: true },
      reason: 'StepPassed' as const,
      phase: 'Progressing',
    },
    {
      given: 'passed, pausing for a minute',
      shape: { ...steps({ pause: 60_000 }), status: { ...verdict('pass'), pausedAt: ago(30) } },
      reason: 'PausedByStep' as const,
      phase: 'Progressing',
    },
    {
      given: 'passed, a minute of pause over',
      shape: { ...steps({ pause: 60_000 }), status: { ...verdict('pass'), pausedAt: ago(61) } },
      reason: 'StepPassed' as const,
      phase: 'Progressing',
    },
    {
      given: 'passed, a pause begun before the weight was taken away and came back',
      shape: {
        ...steps({ pause: 60_000 }),
        status: { ...verdict('pass'), pausedAt: ago(300), weightObservedAt: ago(200) },
      },
      reason: 'PausedByStep' as const,
      phase: 'Progressing',
    },
    {
      given: 'passed, paused by a human',
      shape: { ...steps(), ...passed, intent: 'Pause' as const },
      reason: 'PausedByHuman' as const,
      phase: 'Waiting',
    },
    {
      given: 'no verdict yet',
      shape: { ...steps(), status: verdict('inconclusive') },
      reason: 'NoData' as const,
      phase: 'Progressing',
    },
    {
      given: 'a pass of the step before',
      shape: {
        ...steps(),
        status: { ...verdict('pass'), analysis: { ...verdict('pass').analysis, step: -1 } },
      },
      reason: 'SafeProven' as const,
      phase: 'Progressing',
    },
    {
      given: 'a pass from before the weight was observed again',
      shape: {
        ...steps(),
        status: {
          ...verdict('pass'),
          weightObservedAt: ago(40),
          analysis: { ...verdict('pass').analysis, measuredUntilMs: NOW - 50_000 },
        },
      },
      reason: 'SafeProven' as const,
      phase: 'Progressing',
    },
  ] as { given: string; shape: StepShape; reason: string; phase: string }[])(
    '$given: $reason',
    ({ shape, reason, phase }) => {
      const { next } = look(stepAt(shape)).status!;
      expect([next.reason, next.phase]).toEqual([reason, phase]);
    },
  );

  it('pauses for its whole time after the step has passed, however long a human was asked before', () => {
    const policy = {
      onInconclusive: 'wait' as const,
      steps: [step(5, { maxDurationMs: 100_000, pause: 60_000 })],
    };
    const asked = look(stepAt({ policy, status: verdict('inconclusive') })).status!.next;
    expect([asked.phase, asked.pausedAt]).toEqual(['Waiting', undefined]);
    const passes = look(stepAt({ policy, status: { ...verdict('pass'), phase: 'Waiting' } })).status!.next;
    expect([passes.reason, passes.pausedAt]).toEqual(['PausedByStep', new Date(NOW).toISOString()]);
  });

  const over = (onInconclusive: ReleasePolicy['onInconclusive'], maxDurationMs: number, annotations = {}) => {
    const policy = { onInconclusive, steps: [step(5, { maxDurationMs }), step(50)] };
    const { next } = look(
      stepAt({ policy, annotations, recorded: true, status: verdict('inconclusive') }),
    ).status!;
    return [next.phase, next.reason, next.step];
  };

  it.each([
    { policy: 'extend' as const, max: 150_000, want: ['Progressing', 'NoData', 0] },
    { policy: 'extend' as const, max: 90_000, want: ['Waiting', 'Inconclusive', 0] },
    { policy: 'wait' as const, max: 150_000, want: ['Waiting', 'Inconclusive', 0] },
    { policy: 'promote' as const, max: 150_000, want: ['Waiting', 'Inconclusive', 0] },
    { policy: 'rollback' as const, max: 150_000, want: ['RollingBack', 'Inconclusive', 0] },
  ])(
    '200 s without a conclusion, at most $max ms, onInconclusive $policy: $want',
    ({ policy, max, want }) => {
      expect(over(policy, max)).toEqual(want);
    },
  );

  describe('onInconclusive: promote, when the time is up', () => {
    const policy = {
      onInconclusive: 'promote' as const,
      steps: [step(5, { maxDurationMs: 150_000 }), step(50)],
    };
    const base = verdict('inconclusive');
    const tolerable = {
      ...base,
      verdict: { ...base.verdict, reason: 'MoreDataNeeded' as const, tolerable: true },
    };
    const at = (status: NonNullable<StepShape['status']>) => look(stepAt({ policy, status })).status!.next;

    it('goes on if what was seen is tolerable', () => {
      expect(at(tolerable)).toMatchObject({ phase: 'Progressing', reason: 'Inconclusive', step: 1 });
    });

    it.each([
      ['is not tolerable', { ...base }],
      ['was never said', {}],
      ['is of the step before', { ...tolerable, analysis: { ...base.analysis, step: -1 } }],
      [
        'is older than the weight',
        { ...tolerable, analysis: { ...base.analysis, measuredUntilMs: NOW - 300_000 } },
      ],
    ] as [string, NonNullable<StepShape['status']>][])('waits for a human if the verdict %s', (_, status) => {
      const next = at(status);
      expect(next).toMatchObject({ phase: 'Waiting', reason: 'Inconclusive', step: 0 });
      expect(next.message).toContain('only if nothing speaks for harm, every metric has data');
    });

    it('a measured window without harm and without proof is tolerable', () => {
      const decision = look(stepAt({ policy }), {
        measured: measured(FIRST_WINDOW, { canary: [1, 150], stable: [28, 2850] }),
      });
      expect(decision.status?.next).toMatchObject({ phase: 'Progressing', step: 1 });
    });

    it.each(['noData', 'serverError'] as const)('a window without data (%s) is not', (outcome) => {
      const decision = look(stepAt({ policy }), { measured: measured(FIRST_WINDOW, outcome) });
      expect(decision.status?.next).toMatchObject({ phase: 'Waiting', step: 0 });
    });
  });

  it('a human may let it go on without a conclusion', () => {
    const shape = {
      policy: { onInconclusive: 'wait' as const, steps: [step(5, { maxDurationMs: 150_000 }), step(50)] },
      ...resumed,
      status: { ...verdict('inconclusive'), phase: 'Waiting' as const },
    };
    expect(look(stepAt(shape)).status?.next).toMatchObject({ reason: 'ResumedByHuman', step: 1 });
  });

  it('a release that waits for data goes on by itself when a pass arrives', () => {
    const waiting = {
      policy: FAST,
      status: { phase: 'Waiting' as const, reason: 'Inconclusive' as const, weightObservedAt: ago(5_000) },
    };
    const window = { startMs: NOW - 4_990_000, endMs: NOW - 4_975_000 };
    const objects = canary({ since: 9_000 }).reduce(changed, stepAt(waiting));
    expect(look(objects, { measured: measured(window, SAFE) }).status?.next).toMatchObject({
      phase: 'Progressing',
      reason: 'StepPassed' as const,
    });
  });
});
