import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { getObjects } from '../../lib/json.ts';
import { serializePolicy } from '../../api/kinds/policy/policy.ts';
import { defaultPolicy } from '../../api/kinds/policy/policy.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import type { Split } from '../../api/split.ts';
import { PROVIDERS } from '../../providers/index.ts';
import type { RouteOriginals } from '../../providers/provider.ts';
import { wantsOf } from '../../providers/shared/wants.ts';
import { ObjectWorld } from '../../test/support/apply-writes.ts';
import {
  ago,
  aRoute,
  aSnapshot,
  aTarget,
  canary,
  canaryServiceObject,
  doing,
  writing,
  NOW,
  ownedBy,
  replicaSet,
  SERVICE,
  UID,
  type SnapshotChange,
} from '../../test/support/builders.ts';
import { aRelease, FAST, HARM, initial, measured, SAFE } from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';
import type { Decision } from '../model.ts';

const MINUTE = 60_000;
const times = { minDurationMs: 30_000, maxDurationMs: 300_000 };
const step = (weight: number, change = {}) => ({ weight, ...times, pause: false, ...change });
const BETA = { headers: [{ name: 'x-beta', value: 'yes' }], cookies: [] };

const MIRRORED: Partial<ReleasePolicy> = { steps: [step(5)], mirror: { percent: 50, ...times } };
const AB: Partial<ReleasePolicy> = { strategy: 'ab', steps: [step(0), step(10)], match: BETA };
const BLUE_GREEN: Partial<ReleasePolicy> = { strategy: 'blueGreen', steps: [], bakeMs: 5 * MINUTE };

const NOTHING: Split = { weight: 0, mirror: 0, matching: false };

/** The route as the back end writes it for a split, and what it recorded before. */
function routeAt(
  split: Partial<Split>,
  policy: Partial<ReleasePolicy>,
): { route: KubeObject; originals: RouteOriginals } {
  const world = new ObjectWorld([aRoute()]);
  const wants = wantsOf({ ...defaultPolicy(), ...FAST, ...policy });
  const context = () => ({
    namespace: 'shop',
    target: 'web',
    release: 'web-5',
    owner: ownedBy('Deployment', 'web', UID),
    stableService: SERVICE,
    canaryService: 'web-canary',
    routes: world.list('HTTPRoute'),
    made: [],
    originals: undefined,
    wants,
  });
  const originals = PROVIDERS.gateway.record(context());
  for (const write of PROVIDERS.gateway.plan({ ...context(), originals }, { ...NOTHING, ...split }))
    world.apply(write);
  const route = structuredClone(world.list('HTTPRoute')[0]);
  if (route === undefined) throw new Error('no route');
  const [parent] = getObjects(route, 'status', 'parents');
  for (const condition of getObjects(parent, 'conditions'))
    condition['observedGeneration'] = route.metadata.generation ?? 0;
  return { route, originals };
}

interface Shape {
  policy: Partial<ReleasePolicy>;
  status?: Partial<ReleaseStatus>;
  split?: Partial<Split>;
  canaryPods?: number;
  canaryReady?: number;
  stableReady?: number;
  replicas?: number;
  annotations?: Record<string, string>;
  /** the back end has not taken the route over */
  unconfirmed?: true;
}

function world(shape: Shape): KubeObject[] {
  const { policy, status, split = {}, canaryPods = 4, replicas = 4, annotations = {} } = shape;
  const { route, originals } = routeAt(split, policy);
  if (shape.unconfirmed === true) route.metadata.generation = (route.metadata.generation ?? 0) + 1;
  return [
    aTarget({ image: 'web:2', replicas }),
    ...replicaSet('web:1', { pods: replicas, ready: shape.stableReady ?? replicas }),
    ...canary({
      pods: canaryPods,
      ...(shape.canaryReady === undefined ? {} : { ready: shape.canaryReady, since: 5 }),
    }),
    SERVICE,
    canaryServiceObject(),
    route,
    initial(),
    aRelease({
      policy,
      annotations: { 'sluice.dev/route-originals': JSON.stringify(originals), ...annotations },
      spec: { policy: serializePolicy({ ...defaultPolicy(), ...FAST, ...policy }) },
      status: { weight: 0, weightObservedAt: ago(200), targetGeneration: 5, ...status },
    }),
  ];
}

const look = (shape: Shape, change: SnapshotChange = {}): Decision => decide(aSnapshot(world(shape), change));
const notObserved = { weightObservedAt: undefined as never };
const next = (decision: Decision) => decision.status?.next;
const phase = (decision: Decision) => [next(decision)?.phase, next(decision)?.reason];
const window = (seconds: number) => ({ startMs: NOW - seconds * 1000, endMs: NOW - (seconds - 15) * 1000 });

/** The number of pods a decision scales the canary to. */
function scaledTo({ actions }: Decision): unknown {
  const action = actions.find((each) => each.do === 'write');
  return action?.do === 'write' && action.why === 'scale the canary' && action.write.verb === 'jsonPatch'
    ? action.write.patch.at(-1)?.value
    : undefined;
}

describe('a step of copies', () => {
  it('has canary pods for what is copied', () => {
    expect(scaledTo(look({ policy: MIRRORED, status: notObserved, canaryPods: 1 }))).toBe(2);
  });

  it('is written, read back, and told apart from a weight', () => {
    const status = { ...notObserved, reason: 'ScalingCanary' as const };
    const written = look({ policy: MIRRORED, status, canaryPods: 2 });
    expect(doing(written)).toEqual(['jsonPatch HTTPRoute/web: set the weight']);
    expect(next(written)).toMatchObject({
      message: 'Weight 0 with copies of 50% of requests is written.',
      weight: 0,
      mirror: 50,
      observedWeight: 0,
    });
    const seen = look({ policy: MIRRORED, status, canaryPods: 2, split: { mirror: 50 } });
    expect(next(seen)).toMatchObject({
      reason: 'Settling' as const,
      mirror: 50,
      observedWeight: 0,
      observedMirror: 50,
    });
  });

  it('is judged like any other, and the first live percent follows', () => {
    const shape = { policy: MIRRORED, split: { mirror: 50 }, canaryPods: 2, status: { mirror: 50 } };
    const passed = look(shape, { measured: measured(window(190), SAFE) });
    expect(next(passed)).toMatchObject({ reason: 'StepPassed', step: 1, weight: 5 });
    expect(next(passed)).not.toHaveProperty('mirror');
    const failed = look(shape, { measured: measured(window(190), HARM) });
    expect(phase(failed)).toEqual(['RollingBack', 'HarmDetected']);
    expect(doing(failed)).toEqual(['jsonPatch HTTPRoute/web: take all traffic off the canary']);
    expect(next(failed)).not.toHaveProperty('mirror');
  });

  it('leaves its pods until no copies come any more', () => {
    const status = { ...notObserved, step: 1, weight: 5 };
    const before = look({ policy: MIRRORED, status, canaryPods: 2, split: { mirror: 50 } });
    expect(writing(before)).toEqual(['jsonPatch HTTPRoute/web: set the weight']);
    const after = { policy: MIRRORED, status: { step: 1, weight: 5 }, canaryPods: 2, split: { weight: 5 } };
    expect(scaledTo(look(after))).toBe(1);
  });

  it('loses its copies with its last ready pod', () => {
    const shape = { policy: MIRRORED, split: { mirror: 50 }, canaryPods: 2, status: { mirror: 50 } };
    const lost = look({ ...shape, canaryReady: 0 });
    expect([lost.rule, doing(lost)]).toEqual([
      'canary-lost',
      ['jsonPatch HTTPRoute/web: take all traffic off the canary'],
    ]);
  });
});

describe('requests that match', () => {
  const first = { matching: true };

  it('find as many canary pods as there are stable ones, or the number that is fixed', () => {
    expect(scaledTo(look({ policy: AB, status: notObserved, canaryPods: 1 }))).toBe(4);
    const fixed = { ...AB, steps: [step(0, { canaryReplicas: 2 })] };
    expect(scaledTo(look({ policy: fixed, status: notObserved, canaryPods: 1 }))).toBe(2);
  });

  it('are sent to the canary without any weight', () => {
    const written = look({ policy: AB, status: { ...notObserved, reason: 'ScalingCanary' as const } });
    expect(next(written)).toMatchObject({
      message: 'Weight 0 with requests that match is written.',
      weight: 0,
      matching: true,
    });
    const seen = look({ policy: AB, status: notObserved, split: first });
    expect(next(seen)).toMatchObject({ reason: 'Settling', observedWeight: 0, observedMatching: true });
  });

  it('go on to match while more steps widen', () => {
    const shape = { policy: AB, split: first, status: { matching: true } };
    expect(next(look(shape, { measured: measured(window(190), SAFE) }))).toMatchObject({
      reason: 'StepPassed' as const,
      step: 1,
      weight: 10,
      matching: true,
    });
  });

  it.each([
    {
      given: 'copies nobody wants',
      policy: { ...AB, mirror: { percent: 50, ...times } },
      drift: { mirror: 50 },
    },
    { given: 'more weight', policy: AB, drift: { weight: 30 } },
  ])('$given are taken back at once', ({ policy, drift }) => {
    const status = { step: policy.mirror === undefined ? 0 : 1, matching: true };
    const decision = look({ policy, status, split: { ...first, ...drift } });
    expect(doing(decision)).toEqual([
      'jsonPatch HTTPRoute/web: take all traffic off the canary',
      'event RouteContested',
    ]);
    expect(next(decision)?.weightObservedAt).toBeUndefined();
  });

  it('that somebody stopped are let go on only after a window was judged', () => {
    const shape = { policy: AB, status: { matching: true } };
    expect(look(shape)).toMatchObject({ reason: 'RouteContested', actions: [{ do: 'measure' }] });
    const result = { measured: measured(window(190), SAFE) };
    const known = look(shape, result);
    expect(writing(known)).toEqual([]);
    const again = { ...shape, status: { ...shape.status, ...next(known) } };
    expect(writing(look(again, result))).toEqual([
      'jsonPatch HTTPRoute/web: set the weight again',
      'event RouteContested',
    ]);
  });

  it('are waited for on the way out like a weight: until the back end confirms that they are gone', () => {
    const status = {
      phase: 'RollingBack' as const,
      reason: 'HarmDetected' as const,
      matching: true,
      stepStartedAt: ago(500),
    };
    const off = look({ policy: AB, status, split: first });
    expect(doing(off)).toEqual(['jsonPatch HTTPRoute/web: take all traffic off the canary']);
    expect(next(off)?.stepStartedAt).toBe(new Date(NOW).toISOString());
    expect(next(off)).not.toHaveProperty('matching');
  });
});

describe('blueGreen before the switch', () => {
  const quiet = { policy: BLUE_GREEN };

  it('has its whole size and no live requests', () => {
    expect(scaledTo(look({ policy: BLUE_GREEN, status: notObserved, canaryPods: 1 }))).toBe(4);
    const seen = look({ policy: BLUE_GREEN, status: notObserved });
    expect(next(seen)).toMatchObject({ reason: 'Settling', weight: 0, observedWeight: 0 });
  });

  it('asks a human once its time is over, if nothing brings data', () => {
    const early = look({ ...quiet, status: { weightObservedAt: ago(60) } });
    expect(next(early)?.phase).toBe('Progressing');
    const decision = look({ ...quiet, status: { weightObservedAt: ago(130) } });
    expect(phase(decision)).toEqual(['Waiting', 'Inconclusive']);
    expect(doing(decision)).toEqual(['measure', 'event Inconclusive']);
  });

  it('goes on when the human says so, or by itself when the metrics do', () => {
    const waiting = {
      phase: 'Waiting' as const,
      reason: 'Inconclusive' as const,
      weightObservedAt: ago(200),
    };
    const annotations = { 'sluice.dev/resumed-step': '0' };
    const told = look({ ...quiet, status: waiting, annotations });
    expect(next(told)).toMatchObject({ reason: 'ResumedByHuman', step: 1, weight: 100 });
    const proven = look({ ...quiet, status: waiting }, { measured: measured(window(190), SAFE) });
    expect(next(proven)).toMatchObject({ reason: 'StepPassed', step: 1, weight: 100 });
  });

  it.each([
    { given: 'a canary pod is missing', canaryReady: 3 },
    { given: 'a stable pod is missing', stableReady: 3 },
  ])('does not switch while $given', (short) => {
    const status = {
      ...notObserved,
      step: 1,
      weight: 100,
      reason: 'StepPassed' as const,
      stepStartedAt: ago(5),
    };
    const decision = look({ ...quiet, status, ...short });
    expect(doing(decision)).toEqual([]);
    expect(next(decision)).toMatchObject({ phase: 'Progressing', observedWeight: 0 });
    const long = look({ ...quiet, status: { ...status, stepStartedAt: ago(130) }, stableReady: 3 });
    expect(phase(long)).toEqual(['Waiting', 'AwaitingFullSize']);
  });

  it('switches in one write when both versions have their whole size', () => {
    const status = { ...notObserved, step: 1, weight: 100, reason: 'StepPassed' as const };
    const decision = look({ ...quiet, status });
    expect(doing(decision)).toEqual(['jsonPatch HTTPRoute/web: set the weight']);
    expect(next(decision)?.message).toBe('Weight 100 is written.');
  });
});

describe('blueGreen after the switch', () => {
  const alone = (bad: number): typeof SAFE => ({ canary: [bad, 3000], stable: [0, 0] });
  const analysis = {
    version: 1 as const,
    step: 1,
    gaps: 0,
    metrics: {},
    verdicts: [],
  };
  /** A bake that began this many seconds ago, judged up to this many seconds ago. */
  const baking = (since: number, judgedTo: number, change: Partial<Shape> = {}): Shape => ({
    policy: BLUE_GREEN,
    split: { weight: 100 },
    ...change,
    status: {
      step: 1,
      weight: 100,
      weightObservedAt: ago(since),
      analysis: { ...analysis, measuredUntilMs: NOW - judgedTo * 1000 },
      ...change.status,
    },
  });
  /** One more window, with what stable did in the hour before. */
  const judged = (bad: number, judgedTo: number) => {
    const result = { ...measured(window(judgedTo), alone(bad)), step: 1 };
    const measurements = result.measurements.map((each) =>
      each.outcome === 'ok' && each.kind === 'counts'
        ? { ...each, history: { stable: Array.from({ length: 60 }, () => ({ total: 3000, bad: 15 })) } }
        : each,
    );
    return { measured: { ...result, measurements } };
  };

  it.each([
    { given: 'is waited for', seconds: 119, want: ['Progressing', 'ObservingWeight'] },
    { given: 'is taken back after two minutes', seconds: 121, want: ['RollingBack', 'RouteRejected'] },
  ])('a switch that the back end does not confirm $given', ({ seconds, want }) => {
    const status = { ...notObserved, step: 1, weight: 100, reason: 'ObservingWeight' as const };
    const shape = { policy: BLUE_GREEN, split: { weight: 100 }, unconfirmed: true as const };
    const since = { exposedAt: ago(seconds), weightWrittenAt: ago(seconds) };
    const decision = look({ ...shape, status: { ...status, ...since } });
    expect(phase(decision)).toEqual(want);
  });

  it('is promoted when its time is over and every metric had data to the end', () => {
    expect(phase(look(baking(100, 20), judged(15, 20)))).toEqual(['Progressing', 'MinimumDuration']);
    const done = look(baking(310, 20), judged(15, 20));
    expect(phase(done)).toEqual(['Promoting', 'AllStepsPassed']);
    expect(next(done)?.message).toMatch(/^The bake of 5m is over without objection: canary 0\.5% errors/);
    expect(next(done)?.verdict).toMatchObject({ result: 'inconclusive', reason: 'NothingToCompare' });
  });

  it.each([
    { given: 'the last window ends before the bake', shape: baking(301, 20) },
    { given: 'the last window is too long ago', shape: baking(1000, 120), to: 120 },
  ])('is not promoted where $given', ({ shape, to = 20 }) => {
    expect(next(look(shape, judged(15, to)))?.phase).toBe('Progressing');
  });

  const noData = (to: number) => ({ measured: { ...measured(window(to), 'noData'), step: 1 } });

  it('asks a human at once when its time is over and data are missing at its end', () => {
    expect(phase(look(baking(100, 20), noData(20)))).toEqual(['Progressing', 'NoData']);
    const decision = look(baking(310, 20), noData(20));
    expect(phase(decision)).toEqual(['Waiting', 'Inconclusive']);
    expect(doing(decision).at(-1)).toBe('event Inconclusive');
  });

  it('asks a human at once where it does worse than stable did before, with the numbers', () => {
    expect(phase(look(baking(100, 20), judged(300, 20)))).toEqual(['Progressing', 'NothingToCompare']);
    const decision = look(baking(310, 20), judged(300, 20));
    expect(phase(decision)).toEqual(['Waiting', 'Inconclusive']);
    expect(next(decision)?.message).toMatch(
      /^The bake of 5m is over.* withheld: .*10% errors \(300\/3000\).*outside the safe margin/,
    );
    expect(doing(decision).at(-1)).toBe('event Inconclusive');
  });

  it('that waits for a human is promoted by a later window, or by the human', () => {
    const status = { phase: 'Waiting' as const, reason: 'Inconclusive' as const };
    const later = look(baking(400, 20, { status }), judged(15, 20));
    expect(phase(later)).toEqual(['Promoting', 'AllStepsPassed']);
    const annotations = { 'sluice.dev/resumed-step': '1' };
    const told = look(baking(400, 20, { status, annotations }), judged(300, 20));
    expect(phase(told)).toEqual(['Promoting', 'ResumedByHuman']);
  });

  it('is not let through by onInconclusive: promote, and taken back by rollback in the end', () => {
    const after = (onInconclusive: ReleasePolicy['onInconclusive'], since: number, bad: number) =>
      phase(look(baking(since, 20, { policy: { ...BLUE_GREEN, onInconclusive } }), judged(bad, 20)));
    expect(after('promote', 1900, 300)).toEqual(['Waiting', 'Inconclusive']);
    expect(after('rollback', 310, 300)).toEqual(['Waiting', 'Inconclusive']);
    expect(after('rollback', 1900, 300)).toEqual(['RollingBack', 'Inconclusive']);
  });

  it('goes back in one pass on a verdict of harm', () => {
    const once = look(baking(100, 35), { measured: { ...measured(window(35), alone(2000)), step: 1 } });
    const state = next(once)?.analysis;
    const again = baking(100, 20, { status: { ...(state === undefined ? {} : { analysis: state }) } });
    const decision = look(again, { measured: { ...measured(window(20), alone(2000)), step: 1 } });
    expect(phase(decision)).toEqual(['RollingBack', 'CircuitBreaker']);
    expect(doing(decision)).toEqual(['jsonPatch HTTPRoute/web: take all traffic off the canary']);
  });

  it('never shrinks with a stable that idles, and grows with one that grows', () => {
    expect(scaledTo(look(baking(100, 20, { replicas: 2 })))).toBeUndefined();
    expect(scaledTo(look(baking(100, 20, { replicas: 6 })))).toBe(6);
  });

  it('is not switched again while a version is short of pods', () => {
    const short = baking(100, 20, { split: {}, stableReady: 3 });
    const decision = look(short, judged(15, 20));
    expect(writing(decision)).toEqual([]);
    expect(next(decision)?.reason).toBe('AwaitingFullSize');
    const whole = baking(100, 20, { split: {} });
    const known = next(look(whole, judged(15, 20)));
    expect(writing(look({ ...whole, status: { ...whole.status, ...known } }, judged(15, 20)))).toEqual([
      'jsonPatch HTTPRoute/web: set the weight again',
      'event RouteContested',
    ]);
  });

  it('loses everything at once with its last ready pod', () => {
    const lost = look(baking(100, 20, { canaryReady: 0 }));
    expect([lost.rule, doing(lost)]).toEqual([
      'canary-lost',
      ['jsonPatch HTTPRoute/web: take all traffic off the canary'],
    ]);
  });
});
