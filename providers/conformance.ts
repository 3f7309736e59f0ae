import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import type { Write } from '../api/writes.ts';
import { OFF } from './provider.ts';
import type { Observation, Provider, RouteOriginals, Split, TrafficContext } from './provider.ts';
import { NOTHING_WANTED } from './wants.ts';

/** Objects of one namespace that change by writes alone; a refused write throws and changes nothing. */
export interface World {
  apply(write: Write): void;
  put(object: KubeObject): void;
  remove(kind: string, name: string): void;
  list(kind: string): KubeObject[];
  content(): KubeObject[];
}

/** What a data plane does with the requests of one place (a rule, a path), read from the objects independently. */
export interface Place {
  id: string;
  stable: number;
  canary: number;
  other: number;
}

export interface ForeignEdit {
  name: string;
  /** Changes what is there as somebody else would, leaving our fields as they stand. */
  edit: (world: World, initial: readonly KubeObject[]) => void;
}

export interface Fixtures {
  world(objects: readonly KubeObject[]): World;
  /** users' objects by what is particular about them; in each something names Service "web" of namespace "shop" */
  cases: Record<string, KubeObject[]>;
  /** legal, strange objects that the provider accepts */
  generated: fc.Arbitrary<KubeObject[]>;
  /** one object that names Service "web" and Service "api" in different places */
  shared: KubeObject[];
  places(world: World, stable: string, canary: string): Place[];
  edits: ForeignEdit[];
  /** the control plane takes over what stands there */
  acknowledge(world: World): void;
  /** what a server would refuse in this object; [] = nothing */
  validate: (object: KubeObject) => string[];
}

const NAMESPACE = 'shop';
const LADDER = [0, 5, 50, 0];
/** Seconds on a quiet machine, many on a busy one. */
const SLOW = { timeout: 60_000 };

const at = (weight: number): Split => ({ ...OFF, weight });

/** One release: what the controller remembers (originals), and nothing else, outlives a crash. */
class Session {
  readonly provider: Provider;
  readonly world: World;
  readonly service: string;
  originals: RouteOriginals | undefined;

  constructor(provider: Provider, world: World, service = 'web') {
    this.provider = provider;
    this.world = world;
    this.service = service;
  }

  get canary(): string {
    return `${this.service}-canary`;
  }

  context(): TrafficContext {
    const { routeResources, madeResource } = this.provider;
    const isOurs = (object: KubeObject) =>
      object.metadata.labels?.['app.kubernetes.io/managed-by'] === 'sluice';
    const made = madeResource === undefined ? [] : this.world.list(madeResource.kind).filter(isOurs);
    const live = routeResources.flatMap(({ kind }) => this.world.list(kind));
    const routes = live.filter((object) => !isOurs(object));
    return {
      namespace: NAMESPACE,
      target: this.service,
      release: `${this.service}-7`,
      owner: { apiVersion: 'apps/v1', kind: 'Deployment', name: this.service, uid: `uid-of-${this.service}` },
      stableService: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: this.service, namespace: NAMESPACE },
      },
      canaryService: this.canary,
      // Once edited, a route stays in scope by its name, whatever it says since.
      routes: routes.filter(
        (route) => this.originals !== undefined || this.provider.names(route, this.service),
      ),
      made: made.filter((object) => object.metadata.labels?.['sluice.dev/target'] === this.service),
      others: (this.provider.alsoReads ?? []).flatMap(({ kind }) => this.world.list(kind)),
      originals: this.originals,
      wants: NOTHING_WANTED,
    };
  }

  /** The next writes towards `weight` ('end': nothing left), the record taken first as the controller does. */
  next(goal: number | 'end'): Write[] {
    if (this.provider.editsUserRoutes && goal !== 'end')
      this.originals = this.provider.record(this.context());
    return goal === 'end'
      ? this.provider.cleanup(this.context())
      : this.provider.plan(this.context(), at(goal));
  }

  observe(): Observation {
    return this.provider.observe(this.context());
  }
}

type Hook = (write: Write) => void;

/** Applies plans until there is nothing left to do. A refused write means: read again and decide anew. */
function drive(session: Session, goal: number | 'end', before: Hook = () => undefined): void {
  for (let round = 0; round < 6; round++) {
    const [write] = session.next(goal);
    if (write === undefined) return;
    try {
      before(write);
      session.world.apply(write);
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }
  throw new Error(`no end of writes towards ${goal}`);
}

const isRefused = (error: unknown) => error instanceof Error && 'code' in error && error.code !== 0;
const text = (world: World) => JSON.stringify(world.content());

/** What must be true after every write of one release. */
class Watchdog {
  readonly #session: Session;
  readonly #fixtures: Fixtures;
  readonly #totals = new Map<string, Set<number>>();

  constructor(session: Session, fixtures: Fixtures) {
    this.#session = session;
    this.#fixtures = fixtures;
  }

  check(): void {
    const { world, service, canary } = this.#session;
    const { routeResources } = this.#session.provider;
    for (const object of routeResources.flatMap(({ kind }) => world.list(kind))) {
      expect(this.#fixtures.validate(object), `schema of ${object.metadata.name}`).toEqual([]);
    }
    for (const place of this.#fixtures.places(world, service, canary)) {
      const total = place.stable + place.canary + place.other;
      expect(total, `${place.id} sends something somewhere`).toBeGreaterThan(0);
      expect(place.stable, `${place.id}: the canary is not alone`).toBeGreaterThan(0);
      if (place.canary > 0) this.#totals.set(place.id, (this.#totals.get(place.id) ?? new Set()).add(total));
    }
    for (const [id, totals] of this.#totals) expect([...totals], `sum of ${id} stays`).toHaveLength(1);
  }

  expectWeight(weight: number): void {
    for (const place of this.#fixtures.places(
      this.#session.world,
      this.#session.service,
      this.#session.canary,
    )) {
      const percent = (100 * place.canary) / (place.stable + place.canary);
      expect(Math.abs(percent - weight), `${place.id}: ${percent}% for ${weight}%`).toBeLessThanOrEqual(0.5);
    }
  }
}

function climb(session: Session, fixtures: Fixtures, weights: readonly number[] = LADDER): void {
  const watchdog = new Watchdog(session, fixtures);
  for (const weight of weights) {
    drive(session, weight, () => watchdog.check());
    watchdog.check();
    watchdog.expectWeight(weight);
    expect(session.next(weight), `plan(${weight}) once it is done`).toEqual([]);
    fixtures.acknowledge(session.world);
    const seen = session.observe();
    expect(seen).toMatchObject({ weight });
    expect(seen.problem).toBeUndefined();
    expect(seen.acknowledged).not.toBe('pending');
  }
  drive(session, 'end', () => watchdog.check());
  expect(session.next('end'), 'cleanup after cleanup').toEqual([]);
}

/** How many writes the whole ladder and its end take. */
function countWrites(provider: Provider, fixtures: Fixtures, objects: readonly KubeObject[]): number {
  const session = new Session(provider, fixtures.world(objects));
  let writes = 0;
  for (const goal of [...LADDER, 'end' as const]) drive(session, goal, () => writes++);
  return writes;
}

class Crash extends Error {}

/** Climbs until `n` writes were done, then throws as a killed controller would leave things. */
function climbUntil(session: Session, n: number): void {
  let left = n;
  try {
    for (const goal of [...LADDER, 'end' as const]) {
      drive(session, goal, () => {
        if (left-- === 0) throw new Crash();
      });
    }
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
}

/** Every back end is held to this. */
export function describeProvider(provider: Provider, fixtures: Fixtures): void {
  describe(`provider ${provider.name}`, () => {
    describe.each(Object.entries(fixtures.cases))('%s', (_name, objects) => {
      const start = () => new Session(provider, fixtures.world(objects));

      test('is accepted', () => {
        expect(provider.refuse(start().context())).toEqual([]);
      });

      test('climbs 0, 5, 50, 0 and comes back byte for byte', () => {
        const session = start();
        const before = text(session.world);
        climb(session, fixtures);
        expect(text(session.world)).toBe(before);
      });

      test('at weight 0 before the first edit nothing is written', () => {
        expect(start().next(0)).toEqual([]);
        expect(start().next('end')).toEqual([]);
      });

      test('an abort at 50 needs one write per object to reach 0', () => {
        const session = start();
        drive(session, 50);
        const writes = session.next(0);
        expect(new Set(writes.map(nameOfWrite)).size).toBe(writes.length);
        for (const write of writes) session.world.apply(write);
        expect(session.next(0)).toEqual([]);
        expect(session.observe().weight).toBe(0);
      });

      test('survives a crash before any write, going on or giving up', () => {
        for (let n = 0; n < countWrites(provider, fixtures, objects); n++) {
          for (const rest of [[5, 50, 0], [0]]) {
            const session = start();
            const before = text(session.world);
            climbUntil(session, n);
            const restarted = new Session(provider, session.world);
            restarted.originals = session.originals;
            climb(restarted, fixtures, rest);
            expect(text(restarted.world)).toBe(before);
          }
        }
      });

      test('what it is given is not changed', () => {
        const session = start();
        drive(session, 5);
        const context = session.context();
        const before = JSON.stringify(context);
        provider.plan(context, at(50));
        provider.cleanup(context);
        provider.observe(context);
        provider.refuse(context);
        provider.record(context);
        expect(JSON.stringify(context)).toBe(before);
      });
    });

    describe.each(fixtures.edits)('somebody else, at any moment: $name', ({ edit }) => {
      test.each(Object.entries(fixtures.cases))('%s', (_name, objects) => {
        const expected = fixtures.world(objects);
        edit(expected, objects);
        for (let n = 0; n <= countWrites(provider, fixtures, objects); n++) {
          const session = new Session(provider, fixtures.world(objects));
          disturbedClimb(session, fixtures, n, () => edit(session.world, objects));
          expect(sorted(session.world), `edit before write ${n}`).toEqual(sorted(expected));
        }
      });
    });

    test('two releases share an object and never meet', SLOW, () => {
      const goals = fc.array(
        fc.record({ who: fc.constantFrom(0, 1), weight: fc.integer({ min: 0, max: 99 }) }),
        {
          maxLength: 12,
        },
      );
      fc.assert(
        fc.property(goals, (steps) => {
          const world = fixtures.world(fixtures.shared);
          const before = text(world);
          const sessions = ['web', 'api'].map((service) => new Session(provider, world, service));
          const weights = [0, 0];
          for (const { who, weight } of steps) {
            drive(sessions[who]!, weight);
            weights[who] = weight;
            sessions.forEach((session, i) => new Watchdog(session, fixtures).expectWeight(weights[i]!));
          }
          for (const session of sessions) drive(session, 'end');
          expect(text(world)).toBe(before);
        }),
        { numRuns: 40 },
      );
    });

    test('strange but legal objects come back byte for byte', SLOW, () => {
      const weights = fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 5 });
      fc.assert(
        fc.property(fixtures.generated, weights, (objects, steps) => {
          const session = new Session(provider, fixtures.world(objects));
          const before = text(session.world);
          expect(provider.refuse(session.context())).toEqual([]);
          climb(session, fixtures, [...steps, 0]);
          expect(text(session.world)).toBe(before);
        }),
        { numRuns: 50 },
      );
    });
  });
}

/** The whole ladder; right before the n-th write, with the plan already made, somebody else writes. */
function disturbedClimb(session: Session, fixtures: Fixtures, n: number, edit: () => void): void {
  const watchdog = new Watchdog(session, fixtures);
  let left = n;
  const disturb = () => {
    if (left-- === 0) edit();
  };
  for (const goal of LADDER) {
    drive(session, goal, disturb);
    watchdog.expectWeight(goal);
  }
  drive(session, 'end', disturb);
  if (left >= 0) edit();
}

const sorted = (world: World) =>
  world
    .content()
    .sort((a, b) => `${a.kind}/${a.metadata.name}`.localeCompare(`${b.kind}/${b.metadata.name}`));

function nameOfWrite(write: Write): string {
  return 'ref' in write ? write.ref.name : write.object.metadata.name;
}
