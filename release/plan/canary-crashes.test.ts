import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import { ago, aRoute, aSnapshot, canary, changed, doing, replicaSet } from '../../test/support/builders.ts';
import { FIRST_WINDOW, measured, SAFE, stepAt } from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';
import type { Decision } from '../model.ts';

const OFF = 'jsonPatch HTTPRoute/web: take all traffic off the canary';
const PASSED = 'AllStepsPassed';
const DAY = 86_400;

interface Crash {
  /** a part of the pod's name; absent: all of them */
  pod?: string;
  container?: string;
  restarts: number;
  /** seconds since the last one ended */
  since?: number;
  reason?: string;
  exitCode?: number;
  /** seconds since the pod was made; absent: as it is */
  age?: number;
}

/** The same objects; in these pods a container crashed. */
const crash = (
  objects: readonly KubeObject[],
  { pod = '', container = 'app', restarts, since = 20, reason = 'OOMKilled', exitCode = 137, age }: Crash,
) =>
  objects.map((each): KubeObject => {
    if (each.kind !== 'Pod' || !each.metadata.name.includes(pod)) return each;
    const terminated = { reason, exitCode, startedAt: ago(since + 60), finishedAt: ago(since) };
    const status = {
      name: container,
      restartCount: restarts,
      state: { running: {} },
      lastState: { terminated },
    };
    const metadata = age === undefined ? each.metadata : { ...each.metadata, creationTimestamp: ago(age) };
    return { ...each, metadata, status: { ...each.status, containerStatuses: [status] } };
  });

/** Replaces and adds. */
const put = (by: readonly KubeObject[], objects: readonly KubeObject[]): KubeObject[] => {
  const all = by.reduce(changed, [...objects]);
  return [...all, ...by.filter((each) => !all.includes(each))];
};

interface World {
  status?: Partial<ReleaseStatus>;
  canary?: KubeObject[];
  stable?: KubeObject[];
}

const TWO_PODS = {
  weight: 5,
  canaryReplicas: 2,
  minDurationMs: 30_000,
  maxDurationMs: 300_000,
  pause: false,
};
const CANARY = canary({ pods: 2 });
/** Stable's four pods are a day old. */
const STABLE = crash(replicaSet('web:1'), { restarts: 0, age: DAY });
const status = { exposedAt: ago(190) };

/** A step at 5% with two canary pods, 1000 s old; its newest window proves it. */
function look({ status: more = {}, canary: pods = CANARY, stable = STABLE }: World = {}): Decision {
  const objects = put(
    [...stable, ...pods],
    stepAt({ policy: { steps: [TWO_PODS] }, status: { ...status, ...more } }),
  );
  return decide(aSnapshot(objects, { measured: measured(FIRST_WINDOW, SAFE) }));
}
const after = (decision: Decision) => decision.status!.next;
const crashed = (change: Partial<Crash> = {}) => crash(CANARY, { pod: 'web-canary', restarts: 1, ...change });

describe('containers of canary pods that crash under traffic', () => {
  it('do not, and the step passes', () => {
    expect(look().reason).toBe(PASSED);
    expect(after(look()).crashes).toBeUndefined();
  });

  it('once: the step does not pass for five minutes, and the sentence says what hides in the error rate', () => {
    const first = after(look({ canary: crashed({ pod: '-0' }) }));
    expect(first).toMatchObject({ phase: 'Progressing', reason: 'CanaryCrashed', step: 0, weight: 5 });
    expect(first.message).toMatch(
      /crashed once while requests went to them, last container app of pod web-canary-\S*0 \(OOMKilled, exit code 137\): the step does not pass for 5m after a crash\. The 4 stable pods crashed 0 times since the canary was made, and 0 times in 96h of running time\. .* reads too low\.$/,
    );
    const again = (at: number) =>
      look({ canary: crashed({ pod: '-0' }), status: { crashes: { ...first.crashes!, at: ago(at) } } });
    expect(again(299).reason).toBe('CanaryCrashed');
    expect(again(301).reason).toBe(PASSED);
  });

  it('twice, in one pod or in two, where stable ran for days without: traffic off, and the release is taken back', () => {
    for (const pods of [crashed(), crashed({ pod: '-1', restarts: 2, container: 'istio-proxy' })]) {
      const decision = look({ canary: pods });
      expect(after(decision)).toMatchObject({ phase: 'RollingBack', reason: 'CanaryCrashed', weight: 0 });
      expect(doing(decision)).toContain(OFF);
      expect(after(decision).message).toContain('crashed 2 times');
    }
    const sidecar = look({ canary: crashed({ pod: '-1', restarts: 2, container: 'istio-proxy' }) });
    expect(after(sidecar).message).toContain('container istio-proxy of pod web-canary');
  });

  it('as often as stable’s do: neither held nor taken back, however often that is', () => {
    // one crash in 500 s and pod
    const stable = crash(STABLE, { restarts: 170, since: 40_000, age: DAY });
    const restarts = 2;
    expect(look({ canary: crashed({ restarts }), stable }).reason).toBe(PASSED);
    const many = crashed({ restarts: 4 });
    expect(after(look({ canary: many, stable })).phase).toBe('Progressing');
    expect(after(look({ canary: many })).phase).toBe('RollingBack');
  });

  it('while stable’s crash too, since the canary was made: what hits both is no harm of one', () => {
    const both = crash(STABLE, { restarts: 1, since: 100, age: DAY });
    expect(look({ canary: crashed(), stable: both }).reason).toBe(PASSED);
    const before = crash(STABLE, { restarts: 1, since: 40_000, age: DAY });
    expect(after(look({ canary: crashed(), stable: before })).phase).toBe('RollingBack');
  });

  it('are remembered: of pods that were replaced, by whatever controller, and none twice', () => {
    const one = after(look({ canary: crashed({ pod: '-0' }) })).crashes!;
    expect(one).toMatchObject({ count: 1 });
    const still = { crashes: one };
    expect(after(look({ canary: crashed({ pod: '-0' }), status: still })).crashes).toEqual(one);
    expect(after(look({ status: still })).crashes).toEqual(one);
    const other = look({ canary: crashed({ pod: '-1' }), status: still });
    expect(after(other).phase).toBe('RollingBack');
    expect(after(other).crashes).toMatchObject({ count: 2 });
    expect(Object.keys(after(other).crashes!.seen)).toHaveLength(1);
  });

  it('of which the node knows nothing are the node’s', () => {
    const lost = crashed({ reason: 'Unknown', exitCode: 255 });
    expect(look({ canary: lost }).reason).toBe(PASSED);
    expect(after(look({ canary: lost })).crashes).toMatchObject({ count: 0 });
  });

  it('in more pods than the status holds: it stays small', () => {
    const pods = crash(canary({ pods: 100 }), { restarts: 1 });
    const { crashes } = after(look({ canary: pods }));
    expect(Object.keys(crashes!.seen)).toHaveLength(64);
    expect(crashes!.count).toBe(64);
  });

  it('and no stable pod is there to compare with: nothing explains them', () => {
    const stable = replicaSet('web:1').map((each) =>
      each.kind === 'Pod' ? { ...each, status: { ...each.status, phase: 'Failed' } } : each,
    );
    expect(after(look({ canary: crashed(), stable })).message).toContain('No stable pod runs');
  });
});

describe('containers of canary pods that crash before requests reach them', () => {
  const quiet = { weightObservedAt: undefined as never, exposedAt: undefined as never, weight: 0 };

  it('are told, and not held against the release once it has traffic', () => {
    const waiting = canary({ pods: 2, ready: 0, since: 5 });
    const objects = [...STABLE, ...crash(waiting, { pod: 'canary', restarts: 1 }), aRoute(0)];
    const early = decide(aSnapshot(put(objects, stepAt({ policy: { steps: [TWO_PODS] }, status: quiet }))));
    expect(after(early).message).toMatch(
      /0 of 2 canary pods are available\. Before it was ready, container app of pod/,
    );
    const { crashes } = after(early);
    expect(crashes).toMatchObject({ count: 0 });
    expect(look({ canary: crashed(), status: { crashes: crashes! } }).reason).toBe(PASSED);
  });

  it('once in a pod that starts later is the same; twice is not', () => {
    const starting = (restarts: number) => {
      const late = canary({ pods: 2, ready: 1, since: 500 });
      return look({ canary: crash(late, { pod: '-1', restarts, since: 20 }) });
    };
    const [once, twice] = [starting(1), starting(2)].map(after);
    expect([once!.phase, once!.crashes?.count]).toEqual(['Promoting', 0]);
    expect([twice!.phase, twice!.crashes?.count]).toEqual(['RollingBack', 2]);
  });
});
