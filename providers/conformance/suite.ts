import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { Write } from '../../api/writes.ts';
import { at, PLAIN, type Ladder } from './ladders.ts';
import { drive, Session, text, type Fixtures, type Goal, type World } from './session.ts';
import { Watchdog } from './watchdog.ts';
import { isOff, OFF, shows } from '../provider.ts';
import type { Provider, Split } from '../provider.ts';
import { NOTHING_WANTED } from '../shared/wants.ts';

export { at, LADDERS, type Ladder } from './ladders.ts';
export type { Fixtures, ForeignEdit, Headers, Place, World } from './session.ts';

/** A release of Service "web" that wants what the ladder does. */
function begin(
  provider: Provider,
  world: World,
  { wants }: Pick<Ladder, 'wants'>,
  service?: string,
): Session {
  const session = new Session(provider, world, service);
  session.wants = wants;
  return session;
}

function climb(session: Session, fixtures: Fixtures, ladder: Ladder): void {
  const watchdog = new Watchdog(session, fixtures, ladder);
  for (const split of ladder.splits) {
    drive(session, split, () => watchdog.check());
    watchdog.check();
    watchdog.expectSplit(split);
    expect(session.next(split), `plan(${JSON.stringify(split)}) once it is done`).toEqual([]);
    fixtures.acknowledge(session.world);
    const seen = session.observe();
    expect(shows(seen, split), `${JSON.stringify(seen)} for ${JSON.stringify(split)}`).toBe(true);
    expect(isOff(seen)).toBe(isNowhere(split));
    expect(seen.problem).toBeUndefined();
    expect(seen.acknowledged).not.toBe('pending');
  }
  drive(session, 'end', () => watchdog.check());
  expect(session.next('end'), 'cleanup after cleanup').toEqual([]);
}

const goalsOf = ({ splits }: Ladder): Goal[] => [...splits, 'end'];

/** How many writes the whole ladder and its end take. */
function countWrites(start: () => Session, ladder: Ladder): number {
  const session = start();
  let writes = 0;
  for (const goal of goalsOf(ladder)) drive(session, goal, () => writes++);
  return writes;
}

const isNowhere = (split: Split) => isOff({ ...split, acknowledged: 'unknown' });

class Crash extends Error {}

/** Climbs until `n` writes are done, then throws and leaves the objects as a killed controller would. */
function climbUntil(session: Session, ladder: Ladder, n: number): void {
  let left = n;
  try {
    for (const goal of goalsOf(ladder)) {
      drive(session, goal, () => {
        if (left-- === 0) throw new Crash();
      });
    }
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
}

/** The suite that every back end must pass. */
export function describeProvider(provider: Provider, fixtures: Fixtures): void {
  const { ladders = [], cases, roomy = cases } = fixtures;
  const all: [Ladder, typeof cases][] = [
    [PLAIN, cases],
    ...ladders.map((ladder): [Ladder, typeof cases] => [ladder, roomy]),
  ];
  describe(`provider ${provider.name}`, () => {
    test('every strategy it names is tried here', () => {
      const tried = {
        canary: true,
        blueGreen: ladders.some(({ splits }) => splits.some(({ weight }) => weight === 100)),
        ab: ladders.some(({ wants }) => wants.match !== undefined),
      };
      expect(provider.strategies.filter((strategy) => !tried[strategy])).toEqual([]);
    });

    describe.each(all)('$name', (ladder, objects) => {
      describe.each(Object.entries(objects))('%s', (_name, given) =>
        describeLadder(provider, fixtures, ladder, given),
      );
    });

    describe.each(fixtures.edits)('somebody else, at any moment: $name', ({ edit }) => {
      describe.each(all.filter((_, i) => i === 0 || i === ladders.length))('$name', (ladder, objects) => {
        test.each(Object.entries(objects))('%s', (_name, given) => {
          const expected = fixtures.world(given);
          edit(expected, given);
          const start = () => begin(provider, fixtures.world(given), ladder);
          const writes = countWrites(start, ladder);
          for (let n = 0; n <= writes; n++) {
            const session = start();
            const watchdog = new Watchdog(session, fixtures, ladder);
            disturbedClimb(session, ladder, watchdog, { n, edit: () => edit(session.world, given) });
            expect(sorted(session.world), `edit before write ${n}`).toEqual(sorted(expected));
          }
        });
      });
    });

    describe.each(all)('$name', (ladder) => {
      test('two releases share an object and never meet', () => shareAnObject(provider, fixtures, ladder));

      test('strange but legal objects come back byte for byte', () =>
        generatedObjects(provider, fixtures, ladder));
    });
  });
}

function describeLadder(
  provider: Provider,
  fixtures: Fixtures,
  ladder: Ladder,
  objects: readonly KubeObject[],
): void {
  const start = () => begin(provider, fixtures.world(objects), ladder);

  test('is accepted', () => {
    expect(provider.refuse(start().context())).toEqual([]);
  });

  test('climbs and comes back byte for byte', () => {
    const session = start();
    const before = text(session.world);
    climb(session, fixtures, ladder);
    expect(text(session.world)).toBe(before);
  });

  test('before the first edit nothing is written to go nowhere', () => {
    expect(start().next(OFF)).toEqual([]);
    expect(start().next('end')).toEqual([]);
  });

  test('an abort at any split needs one write per object, though nobody knows any more what was wanted', () => {
    for (const split of ladder.splits) {
      const session = start();
      drive(session, split);
      session.wants = NOTHING_WANTED;
      expect(isOff(session.observe()), JSON.stringify(split)).toBe(isNowhere(split));
      const watchdog = new Watchdog(session, fixtures, ladder);
      const writes = session.next(OFF);
      expect(new Set(writes.map(nameOfWrite)).size).toBe(writes.length);
      for (const write of writes) session.world.apply(write);
      expect(session.next(OFF)).toEqual([]);
      watchdog.check();
      watchdog.expectSplit(OFF);
      expect(isOff(session.observe())).toBe(true);
      drive(session, 'end');
      expect(text(session.world)).toBe(text(start().world));
    }
  });

  test('survives a crash before any write, going on or giving up', () => {
    const last = ladder.splits.at(-1) ?? OFF;
    const writes = countWrites(start, ladder);
    for (let n = 0; n < writes; n++) {
      for (const splits of [[...ladder.splits.slice(1), OFF], [last, OFF], [OFF]]) {
        const session = start();
        climbUntil(session, ladder, n);
        climb(session.restarted(), fixtures, { ...ladder, splits });
        expect(text(session.world)).toBe(text(start().world));
      }
    }
  });

  test('what it is given is not changed', () => {
    const session = start();
    for (const split of ladder.splits) {
      drive(session, split);
      const context = session.context();
      const before = JSON.stringify(context);
      for (const other of ladder.splits) provider.plan(context, other);
      provider.cleanup(context);
      provider.observe(context);
      provider.refuse(context);
      provider.record(context);
      expect(JSON.stringify(context)).toBe(before);
    }
  });
}

/** Weights that a release may have on its way, with whatever else its ladder asks for. */
const someSplit = ({ name, splits }: Ladder): fc.Arbitrary<Split> =>
  name === PLAIN.name ? fc.integer({ min: 0, max: 99 }).map(at) : fc.constantFrom(...splits);

/** There are many ladders, and each has few splits. */
const runs = ({ name }: Ladder, plain: number): number => (name === PLAIN.name ? plain : plain / 5);

function shareAnObject(provider: Provider, fixtures: Fixtures, ladder: Ladder): void {
  const goals = fc.array(fc.record({ who: fc.constantFrom(0, 1), split: someSplit(ladder) }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(goals, (steps) => {
      const world = fixtures.world(fixtures.shared);
      const before = text(world);
      const sessions = ['web', 'api'].map((service) => begin(provider, world, ladder, service));
      const splits: [Split, Split] = [OFF, OFF];
      for (const { who, split } of steps) {
        drive(sessions[who]!, split);
        splits[who] = split;
        sessions.forEach((session, i) => {
          new Watchdog(session, fixtures, ladder).expectSplit(splits[i as 0 | 1]);
          expect(session.next(splits[i as 0 | 1]), 'no fight').toEqual([]);
        });
      }
      for (const session of sessions) drive(session, 'end');
      expect(text(world)).toBe(before);
    }),
    { numRuns: runs(ladder, 40) },
  );
}

function generatedObjects(provider: Provider, fixtures: Fixtures, ladder: Ladder): void {
  const some = fc.array(someSplit(ladder), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fixtures.generated, some, (objects, splits) => {
      const session = begin(provider, fixtures.world(objects), ladder);
      const before = text(session.world);
      // An object with no room for more than weights is refused, so this test skips it.
      if (ladder.name !== PLAIN.name) fc.pre(provider.refuse(session.context()).length === 0);
      expect(provider.refuse(session.context())).toEqual([]);
      climb(session, fixtures, { ...ladder, splits: [...splits, OFF] });
      expect(text(session.world)).toBe(before);
    }),
    { numRuns: runs(ladder, 50) },
  );
}

/** The whole ladder; right before the n-th write, when the plan is already made, another author writes. */
function disturbedClimb(
  session: Session,
  ladder: Ladder,
  watchdog: Watchdog,
  { n, edit }: { n: number; edit: () => void },
): void {
  let left = n;
  const disturb = () => {
    if (left-- === 0) edit();
  };
  for (const split of ladder.splits) {
    drive(session, split, disturb);
    watchdog.expectSplit(split);
  }
  drive(session, 'end', disturb);
  if (left >= 0) edit();
}

const sorted = (world: World) =>
  world
    .content()
    .sort((a, b) => `${a.kind}/${a.metadata.name}`.localeCompare(`${b.kind}/${b.metadata.name}`));

function nameOfWrite(write: Write): string {
  return 'ref' in write
    ? `${write.ref.resource.kind}/${write.ref.name}`
    : `${write.object.kind}/${write.object.metadata.name}`;
}
