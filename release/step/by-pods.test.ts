import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { ReleaseSpec } from '../../api/kinds/release/spec.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import {
  ago,
  aSnapshot,
  aTarget,
  canary,
  canaryServiceObject,
  changed,
  doing,
  NOW,
  replicaSet,
  SERVICE,
  without,
  writing,
  type CanaryChange,
  type SnapshotChange,
} from '../../test/support/builders.ts';
import { aRelease, edited, HARM, initial, measured, SAFE } from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';
import type { Decision } from '../model.ts';

const TRAFFIC: NonNullable<ReleaseSpec['traffic']> = {
  provider: 'replicas',
  service: 'web',
  routes: [],
  rewrite: { 'sluice.dev/track': { to: 'canary' } },
};

interface World {
  status?: Partial<ReleaseStatus>;
  spec?: Partial<ReleaseSpec>;
  canary?: CanaryChange | null;
  /** of the canary Deployment */
  wanted?: number;
  answered?: string[];
  stable?: number;
}

/** Four stable pods and one canary pod (20%), observed 200 s ago for weight 5. */
function world({
  status,
  spec,
  canary: change = {},
  wanted,
  answered,
  stable = 4,
}: World = {}): KubeObject[] {
  const made = change === null ? [] : canary(change);
  const live = made.map((each): KubeObject => {
    if (each.kind !== 'Deployment') return each;
    const names = answered === undefined ? {} : { 'sluice.dev/pods': answered.join(',') };
    return {
      ...each,
      metadata: { ...each.metadata, annotations: { ...each.metadata.annotations, ...names } },
      spec: { ...each.spec, ...(wanted === undefined ? {} : { replicas: wanted }) },
    };
  });
  const release = aRelease({
    recorded: false,
    spec: { traffic: TRAFFIC, ...spec },
    status: { weightObservedAt: ago(200), targetGeneration: 5, canaryReplicas: 1, ...status },
  });
  return [
    aTarget({ image: 'web:2', replicas: stable }),
    ...replicaSet('web:1', { pods: stable }),
    ...live,
    SERVICE,
    initial(),
    release,
  ];
}

const look = (of: World, change: SnapshotChange = {}): Decision => decide(aSnapshot(world(of), change));
const notObserved = { weightObservedAt: undefined as never };
const SCALE = 'jsonPatch Deployment/web-canary: scale the canary';
const AGAIN = 'jsonPatch Deployment/web-canary: set the weight again';
const TOLD = 'event RouteContested';
const OFF = 'jsonPatch Deployment/web-canary: take all traffic off the canary';

/** The number a decision scales the canary to. */
function scaledTo({ actions }: Decision): unknown {
  for (const action of actions) {
    if (action.do !== 'write' || action.write.verb !== 'jsonPatch') continue;
    const op = action.write.patch.find(({ path }) => path === '/spec/replicas');
    if (op !== undefined) return op.value;
  }
  return undefined;
}

describe('a step without a router', () => {
  it.each([
    { step: 0, weight: 5, pods: 1 },
    { step: 2, weight: 50, pods: 4 },
  ])('makes the canary with as many pods as weight $weight is', ({ step, weight, pods }) => {
    const status = {
      ...notObserved,
      step,
      weight,
      reason: 'PreparingCanary' as const,
      stepStartedAt: ago(10),
    };
    const made = look({ canary: null, status });
    expect(doing(made)).toEqual(['create Deployment/web-canary: create the canary']);
    expect(made.actions[0]).toMatchObject({ write: { object: { spec: { replicas: pods } } } });
    expect(made.status?.next.canaryReplicas).toBe(pods);
  });

  it('scales it for the next weight, and says what becomes of that', () => {
    const scaled = look({ status: { ...notObserved, step: 2, weight: 50 } });
    expect([doing(scaled), scaledTo(scaled)]).toEqual([[SCALE], 4]);
    const third = look({ status: { ...notObserved, step: 1, weight: 25 }, stable: 8 });
    expect(third.sentence).toBe(
      'The canary is scaled from 1 to 3 pods: weight 25 becomes 27.27 beside 8 stable pods.',
    );
  });

  it('waits until that many are ready, and makes neither Service nor record', () => {
    const status = { ...notObserved, step: 2, weight: 50, canaryReplicas: 4, stepStartedAt: ago(5) };
    const waiting = look({ status, canary: { pods: 4, ready: 3, since: 5 } });
    expect([doing(waiting), waiting.status?.next.observedWeight]).toEqual([[], 42.86]);
    const there = look({ status, canary: { pods: 4 } });
    expect(there.sentence).toBe('Weight 50 is observed as 50: 4 of 8 ready pods.');
    expect(there.status?.next).toMatchObject({ weight: 50, observedWeight: 50, canaryReplicas: 4 });
    expect(there.status?.next.weightObservedAt).toBeDefined();
    expect(doing(there)).toEqual([]);
  });

  it('shows the share that was reached, not the one that was wanted', () => {
    const { status } = look({ status: { ...notObserved, stepStartedAt: ago(5) } });
    expect(status?.next).toMatchObject({ weight: 5, observedWeight: 20 });
  });

  it('goes on without a Service', () => {
    const traffic = { ...TRAFFIC, service: undefined as never };
    const objects = without(world({ spec: { traffic } }), 'Service');
    const { reason } = decide(aSnapshot(objects, { measured: measured(WINDOW, SAFE) }));
    expect(reason).toBe('StepPassed');
  });
});

/** Settled 5 s after the weight was observed, the pods warm by then. */
const WINDOW = { startMs: NOW - 195_000, endMs: NOW - 180_000 };

describe('when stable’s own number moves', () => {
  it('the canary follows, and that is nobody’s interference', () => {
    const followed = look({ stable: 16, status: { step: 1, weight: 25 } });
    expect([writing(followed), scaledTo(followed)]).toEqual([[SCALE], 5]);
    expect(followed.status?.next).toMatchObject({ canaryReplicas: 5 });
    expect(followed.status?.next.weightObservedAt).toBe(ago(200));
    expect(followed.status?.next.reasserted).toBeUndefined();
  });

  it('down as well', () => {
    const followed = look({
      stable: 2,
      canary: { pods: 4 },
      status: { step: 2, weight: 50, canaryReplicas: 4 },
    });
    expect([scaledTo(followed), followed.status?.next.reasserted]).toEqual([2, undefined]);
  });
});

describe('when somebody else scales the canary', () => {
  it('too much is taken back at once, and counted', () => {
    const taken = look({ canary: { pods: 3 } });
    expect([doing(taken), scaledTo(taken)]).toEqual([[AGAIN, TOLD], 1]);
    expect(taken.status?.next).toMatchObject({ reasserted: 1, reason: 'RouteContested' });
    expect(taken.status?.next.weightObservedAt).toBeUndefined();
  });

  it('too much or too little before its weight is observed is set right, and counted', () => {
    const status = { ...notObserved, step: 2, weight: 50, canaryReplicas: 4, stepStartedAt: ago(5) };
    const [more, less] = [look({ canary: { pods: 7 }, status }), look({ canary: { pods: 1 }, status })];
    expect([more, less].map((each) => [scaledTo(each), each.status?.next.reasserted])).toEqual([
      [4, 1],
      [4, 1],
    ]);
    expect(more.sentence).toBe(
      'Someone scaled Deployment web-canary to 7; weight 50 is written again (1 of 5).',
    );
    const resting = look({ canary: { pods: 0 }, wanted: 0, status });
    expect([scaledTo(resting), resting.status?.next.reasserted]).toEqual([4, undefined]);
  });

  it('too little is mended after a window was judged', () => {
    const status = { step: 2, weight: 50, canaryReplicas: 4 };
    const waiting = look({ canary: { pods: 1 }, status });
    expect([waiting.reason, doing(waiting)]).toEqual(['RouteContested', ['measure']]);
    const window = { measured: { ...measured(WINDOW, SAFE), step: 2 } };
    const known = look({ canary: { pods: 1 }, status }, window);
    expect([writing(known), known.status?.next.analysis?.measuredUntilMs]).toEqual([[], WINDOW.endMs]);
    const mended = look({ canary: { pods: 1 }, status: { ...status, ...known.status?.next } }, window);
    expect([writing(mended), scaledTo(mended)]).toEqual([[AGAIN, TOLD], 4]);
  });

  it('again and again, it gets none until a human says how to go on', () => {
    const contested = look({ canary: { pods: 3 }, status: edited(5) });
    expect([doing(contested), scaledTo(contested)]).toEqual([[OFF, TOLD], 0]);
    expect(contested.sentence).toContain('the number of pods of Deployment web-canary');
    expect([contested.outcome, contested.status?.next.phase]).toEqual(['stalled', 'Waiting']);
  });
});

describe('a canary that Sluice scaled to 0 and whose record was lost', () => {
  const off: World = { canary: { pods: 0 }, wanted: 0, answered: ['web-canary-a', 'web-canary-b'] };

  it('is not scaled up again before the window in question was measured, by the names of those days', () => {
    const asked = look(off);
    expect(doing(asked)).toEqual(['measure']);
    const [job] = asked.actions.flatMap((action) => (action.do === 'measure' ? [action.job] : []));
    expect(job?.variables['canaryPods']).toBe('web-canary-a,web-canary-b');
  });

  it('stays away if that window shows the harm it was scaled down for', () => {
    const withdrawn = look(off, { measured: measured(WINDOW, HARM) });
    expect([withdrawn.reason, doing(withdrawn)]).toEqual(['HarmDetected', []]);
    expect(withdrawn.status?.next.phase).toBe('RollingBack');
  });
});

describe('a canary without a ready pod', () => {
  it('has lost its traffic by itself; the step begins anew, and nothing is written', () => {
    const lost = look({ canary: { ready: 0, since: 5 } });
    expect([lost.rule, lost.reason, doing(lost)]).toEqual(['canary-lost', 'CanaryUnhealthy', []]);
    expect(lost.status?.next.weightObservedAt).toBeUndefined();
    expect(lost.status?.next).toMatchObject({ phase: 'Progressing', observedWeight: 0 });
  });

  it('is made anew if somebody deleted it', () => {
    const deleted = look({ canary: null });
    expect([deleted.rule, deleted.status?.next.weightObservedAt]).toEqual(['canary-lost', undefined]);
  });

  it('is left to come up when the step has only begun', () => {
    const status = { ...notObserved, stepStartedAt: ago(5) };
    expect(look({ canary: { ready: 0, since: 5 }, status }).rule).toBe('step-due');
  });
});

describe('the way out', () => {
  const leaving = { phase: 'RollingBack' as const, weight: 0, reason: 'HarmDetected' as const };

  it('is one write that scales the canary to 0, in the pass that withdraws, ready pods or not', () => {
    const [spec, status] = [{ intent: 'Abort' as const }, { ...notObserved, stepStartedAt: ago(5) }];
    const starting = look({ spec, status, canary: { pods: 2, ready: 0, since: 5 } });
    const aborted = look({ spec, canary: { pods: 2 } });
    expect([starting, aborted].map((each) => [doing(each), scaledTo(each)])).toEqual([
      [[OFF], 0],
      [[OFF], 0],
    ]);
    expect(aborted.actions[0]).toMatchObject({ urgent: true });
  });

  it('waits until no pod is ready, drains, and deletes the canary only then', () => {
    const scaled = { wanted: 0, canary: { pods: 1 } };
    const since = { ...leaving, stepStartedAt: ago(2) };
    const ready = look({ ...scaled, status: since });
    expect([ready.reason, doing(ready)]).toEqual(['ObservingWeight', []]);
    expect(ready.status?.next.drainStartedAt).toBeUndefined();
    const gone = look({ wanted: 0, canary: { pods: 0 }, status: since });
    expect(gone.reason).toBe('Draining');
    const drained = { ...since, drainStartedAt: ago(60) };
    expect(doing(look({ wanted: 0, canary: { pods: 0 }, status: drained }))).toEqual([
      'delete Deployment/web-canary: delete the canary',
    ]);
  });

  it('begins anew if somebody scales the canary up meanwhile', () => {
    const up = look({ canary: { pods: 1 }, status: { ...leaving, drainStartedAt: ago(60) } });
    expect([doing(up), up.status?.next.drainStartedAt]).toEqual([[OFF], undefined]);
  });

  it('of a promotion that is complete is the same', () => {
    const promoting = {
      phase: 'Promoting' as const,
      reason: 'AllStepsPassed' as const,
      promotionStartedAt: ago(100),
    };
    const objects = world({ status: promoting });
    const complete = changed(
      [...without(objects, 'ReplicaSet', '^web-web-1$').filter(isNotStable), ...replicaSet('web:2')],
      aTarget({ image: 'web:2', paused: false }),
    );
    const done = decide(aSnapshot(complete));
    expect([done.rule, doing(done)]).toEqual(['promotion-unfinished', [OFF]]);
    const rolling = decide(aSnapshot(changed(objects, aTarget({ image: 'web:2', paused: false }))));
    expect([rolling.rule, writing(rolling)]).toEqual(['promotion-unfinished', []]);
  });
});

const isNotStable = ({ kind, metadata }: KubeObject): boolean =>
  kind !== 'Pod' || !metadata.name.startsWith('web-web-1');

describe('what a forgotten release leaves', () => {
  const left = (ready: number, wanted: number, ...more: KubeObject[]) =>
    decide(
      aSnapshot([...without(world({ canary: { pods: 2, ready }, wanted }), 'Release', 'web-5'), ...more]),
    );

  // written before the canary is deleted, because only the canary shows that a release was running
  const recorded = 'create Release/web-5: record how the deleted release ended';

  it('is scaled away first, unless a Service of ours says that a router splits', () => {
    expect(doing(left(2, 2))).toEqual([
      'jsonPatch Deployment/web-canary: take all traffic off a forgotten canary',
      recorded,
    ]);
    expect(doing(left(1, 0))).toEqual([recorded]);
    expect(doing(left(0, 0))).toEqual([recorded, 'delete Deployment/web-canary: remove a canary']);
    expect(doing(left(2, 2, canaryServiceObject()))).toEqual([
      recorded,
      'delete Deployment/web-canary: remove a canary',
      'delete Service/web-canary: remove a canary Service',
    ]);
  });
});
