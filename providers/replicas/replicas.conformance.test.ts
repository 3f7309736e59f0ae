import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { getInteger } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { Write } from '../../api/writes.ts';
import { ObjectWorld, WriteRefused } from '../../test/support/apply-writes.ts';
import { aTrafficContext, percent } from '../../test/support/traffic.ts';
import { isOff, OFF } from '../provider.ts';
import type { Split, TrafficContext } from '../provider.ts';
import { replicas, shareOf } from './replicas.ts';

/*
 * The promises of providers/conformance/suite.ts that apply where no route is split: the objects are
 * Deployments, and the ready pods decide what the data plane does.
 */

function deployment(name: string, count: number, made = false): KubeObject {
  const labels = {
    'app.kubernetes.io/managed-by': 'sluice',
    'sluice.dev/target': name.replace(/-canary$/, ''),
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace: 'shop',
      uid: `uid-${name}`,
      annotations: { note: 'kept' },
      ...(made ? { labels } : {}),
    },
    spec: { replicas: count, future: { field: 1 } },
  };
}

/**
 * One release: Deployments, and the ready pods of each, as many as the native controller has started so far.
 */
class Session {
  readonly world: ObjectWorld;
  readonly name: string;
  ready = { canary: 0, stable: 0 };

  constructor(world: ObjectWorld, name = 'web') {
    this.world = world;
    this.name = name;
    this.settle();
  }

  #replicas(name: string): number {
    return getInteger(this.world.get('Deployment', name), 'spec', 'replicas') ?? 0;
  }

  get canary(): string {
    return `${this.name}-canary`;
  }

  settle(): void {
    this.ready = { canary: this.#replicas(this.canary), stable: this.#replicas(this.name) };
  }

  context(): TrafficContext {
    const names = Array.from({ length: this.ready.canary }, (_, i) => `${this.canary}-${i}`);
    const canary = this.world.get('Deployment', this.canary);
    const pods = { canary, names, stable: this.#replicas(this.name), ready: this.ready };
    return aTrafficContext([], { target: this.name, pods });
  }

  plan = (split: Split): Write[] => replicas.plan(this.context(), split);

  /** Applies one write of the plan; after a refused write, the next step reads again. */
  step(split: Split, before: () => void = () => undefined): boolean {
    const [write, ...more] = this.plan(split);
    expect(more).toEqual([]);
    if (write === undefined) return false;
    before();
    try {
      this.world.apply(write);
    } catch (error) {
      if (!(error instanceof WriteRefused)) throw error;
    }
    return true;
  }

  to(split: Split): void {
    for (let round = 0; this.step(split); round++) expect(round).toBeLessThan(4);
    this.settle();
  }

  observe = () => replicas.observe(this.context());
}

const aWorld = (stable: number, canary = 1): ObjectWorld =>
  new ObjectWorld([
    deployment('web', stable),
    deployment('web-canary', canary, true),
    deployment('api', 3),
    deployment('api-canary', 1, true),
  ]);

const STABLE = fc.integer({ min: 1, max: 60 });
const WEIGHT = fc.integer({ min: 1, max: 9_000 }).map((hundredths) => hundredths / 100);
const LADDER = fc.array(WEIGHT, { minLength: 1, maxLength: 4 });

/** Everything but the canary of web. */
const others = (world: ObjectWorld): KubeObject[] =>
  world.content().filter(({ metadata }) => metadata.name !== 'web-canary');

describe('a canary that is scaled', () => {
  test('without one, nothing goes anywhere and nothing is written', () => {
    const session = new Session(new ObjectWorld([deployment('web', 4)]));
    expect([session.plan(percent(5)), session.plan(OFF), isOff(session.observe())]).toEqual([[], [], true]);
  });

  test('goes up the ladder and back to nothing; the target and all others stay as they were', () => {
    fc.assert(
      fc.property(STABLE, LADDER, (stable, ladder) => {
        const session = new Session(aWorld(stable));
        const before = others(session.world);
        for (const weight of [...ladder, 50]) {
          session.to(percent(weight));
          const { pods, share } = replicas.steering.reached(weight, stable)!;
          expect(session.ready).toEqual({ canary: pods, stable });
          expect(session.observe()).toEqual({ weight: share, acknowledged: 'yes' });
          expect(session.plan(percent(weight))).toEqual([]);
        }
        expect(session.ready.canary).toBe(stable);
        session.to(OFF);
        expect(session.observe()).toEqual({ weight: 0, acknowledged: 'yes' });
        expect([others(session.world), replicas.cleanup(session.context())]).toEqual([before, []]);
        expect(session.world.get('Deployment', 'web-canary')).toMatchObject({
          metadata: { annotations: { note: 'kept' } },
          spec: { replicas: 0, future: { field: 1 } },
        });
      }),
    );
  });

  test('is off only when no pod of it is ready any more', () => {
    const session = new Session(aWorld(6, 2));
    expect(session.step(OFF)).toBe(true);
    for (const canary of [2, 1]) {
      session.ready = { canary, stable: 6 };
      expect(session.observe()).toMatchObject({ weight: shareOf(canary, 6), acknowledged: 'pending' });
      expect(session.plan(OFF)).toEqual([]);
    }
    session.settle();
    expect(session.observe()).toEqual({ weight: 0, acknowledged: 'yes' });
  });

  test('comes to the same end whatever write a process dies before or after', () => {
    fc.assert(
      fc.property(STABLE, LADDER, fc.infiniteStream(fc.boolean()), (stable, ladder, dies) => {
        const session = new Session(aWorld(stable));
        for (const split of [...ladder.map(percent), OFF]) {
          // A write is lost, or only its answer: the next process plans again.
          if (dies.next().value === true) session.plan(split);
          else session.step(split);
          if (dies.next().value === true) session.settle();
          session.to(split);
          expect(session.plan(split)).toEqual([]);
        }
        expect(isOff(session.observe())).toBe(true);
      }),
    );
  });

  test.each<[string, (world: ObjectWorld) => void]>([
    ['scales it', (world) => world.put(deployment('web-canary', 7, true))],
    ['scales it to 0', (world) => world.put(deployment('web-canary', 0, true))],
    ['scales the target', (world) => world.put(deployment('web', 9))],
    [
      'writes into its metadata',
      (world) => {
        const live = world.get('Deployment', 'web-canary')!;
        const annotations = { ...live.metadata.annotations, theirs: 'x' };
        world.put({ ...live, metadata: { ...live.metadata, annotations } });
      },
    ],
    [
      'makes another of its name',
      (world) => {
        world.remove('Deployment', 'web-canary');
        const other = deployment('web-canary', 1, true);
        world.put({ ...other, metadata: { ...other.metadata, uid: 'uid-other' } });
      },
    ],
    ['deletes it', (world) => world.remove('Deployment', 'web-canary')],
  ])('gets there although somebody %s between looking and writing', (_, edit) => {
    for (const split of [percent(50), OFF]) {
      const session = new Session(aWorld(4, 2));
      session.step(split, () => edit(session.world));
      session.to(split);
      expect(session.plan(split)).toEqual([]);
      const there = session.world.get('Deployment', 'web-canary') !== undefined;
      const stable = session.ready.stable;
      expect(session.ready.canary).toBe(there && split !== OFF ? stable : 0);
    }
  });

  test('two releases of one namespace do not meet', () => {
    const world = aWorld(4);
    const [web, api] = [new Session(world), new Session(world, 'api')];
    web.to(percent(50));
    api.to(percent(50));
    expect([web.ready.canary, api.ready.canary]).toEqual([4, 3]);
    web.to(OFF);
    api.settle();
    expect([isOff(web.observe()), api.observe().weight]).toEqual([true, 50]);
  });
});
