import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import { isNewer, Store } from './store.ts';

type Step =
  | { do: 'otherWrites' | 'otherDeletes' | 'weWrite'; name: string }
  | { do: 'events' | 'answers'; count: number }
  | { do: 'list' };

type Event = { type: 'MODIFIED' | 'DELETED'; object: KubeObject };

/** A server, the watch that trails behind it, and the answers to our writes that are still on their way. */
class World {
  readonly store = new Store();
  readonly live = new Map<string, KubeObject>();
  #version = 9;
  #events: Event[] = [];
  #answers: KubeObject[] = [];

  constructor() {
    this.store.replace([], String(this.#version));
  }

  take(step: Step): void {
    switch (step.do) {
      case 'otherWrites':
        this.#write(step.name);
        break;
      case 'weWrite':
        this.#answers.push(this.#write(step.name));
        break;
      case 'otherDeletes':
        this.#delete(step.name);
        break;
      case 'events':
        for (const event of this.#events.splice(0, step.count))
          this.store.observe(event.type, structuredClone(event.object));
        break;
      case 'answers':
        for (const object of this.#answers.splice(0, step.count)) this.store.written(structuredClone(object));
        break;
      case 'list':
        this.#events = [];
        this.store.replace(structuredClone([...this.live.values()]), String(this.#version));
        break;
    }
  }

  /** Everything on its way arrives; answers last, as late as can be. */
  settle(): void {
    this.take({ do: 'events', count: Infinity });
    this.take({ do: 'answers', count: Infinity });
  }

  #write(name: string): KubeObject {
    const object = this.#object(name);
    this.live.set(name, object);
    this.#events.push({ type: 'MODIFIED', object });
    return object;
  }

  #delete(name: string): void {
    if (!this.live.delete(name)) return;
    this.#events.push({ type: 'DELETED', object: this.#object(name) });
  }

  #object(name: string): KubeObject {
    this.#version += 1;
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'team', name, resourceVersion: String(this.#version) },
    };
  }
}

const name = fc.constantFrom('a', 'b');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom('otherWrites' as const, 'otherDeletes' as const, 'weWrite' as const),
    name,
  }),
  fc.record({
    do: fc.constantFrom('events' as const, 'answers' as const),
    count: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ do: fc.constant('list' as const) }),
);

const versions = (objects: Iterable<KubeObject>): Record<string, string | undefined> =>
  Object.fromEntries([...objects].map(({ metadata }) => [metadata.name, metadata.resourceVersion]));

describe('whatever the order in which events, lists and answers to our writes arrive', () => {
  it('the store ends equal to the server', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const world = new World();
        for (const each of steps) world.take(each);
        world.settle();
        expect(versions(world.store.list())).toEqual(versions(world.live.values()));
        expect(versions(world.store.byNamespace('team'))).toEqual(versions(world.live.values()));
      }),
      { numRuns: 2_000 },
    );
  });

  it('no object ever goes back to an older version', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const world = new World();
        const newest = new Map<string, string>();
        world.store.onChange(({ object }) => {
          const { name: of, resourceVersion = '0' } = object.metadata;
          expect(isNewer(newest.get(of) ?? '0', resourceVersion)).toBe(false);
          newest.set(of, resourceVersion);
        });
        for (const each of steps) world.take(each);
      }),
      { numRuns: 2_000 },
    );
  });
});
