import { beforeEach, describe, expect, it } from 'vitest';
import { aSnapshot, aTarget } from '../test/support/builders.ts';
import { underWay } from '../test/support/release-builders.ts';
import { decideSafely } from '../release/decide.ts';
import type { Decision, Snapshot } from '../release/model.ts';
import { Quarantine, Quarantined } from './quarantine.ts';

const good: Decision = { rule: 'r', reason: 'Idle', sentence: 's', outcome: 'done', actions: [] };
const of = (name: string, namespace = 'shop'): Snapshot => ({
  ...aSnapshot([aTarget()]),
  key: { namespace, name },
});

let nowMs: number;
/** names of targets whose decision never ends */
let endless: Set<string>;
let tried: string[];
let counts: number[];
let quarantine: Quarantine;

beforeEach(() => {
  nowMs = 0;
  endless = new Set();
  tried = [];
  counts = [];
  let cpuMs = 0;
  quarantine = new Quarantine({
    decide: ({ key }) => {
      tried.push(key.name);
      while (endless.has(key.name));
      return good;
    },
    now: () => nowMs,
    cpuMs: () => (cpuMs += 1_000),
    onChange: (count) => counts.push(count),
    limitMs: 50,
  });
});

const answer = (snapshot: Snapshot): string => {
  try {
    return quarantine.decide(snapshot).reason;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : 'no error';
  }
};

/** Seconds after which a quarantined target is tried again. */
function pauseOf(snapshot: Snapshot): number {
  const at = /again at (\S+)$/.exec(answer(snapshot))?.[1] ?? '';
  return (Date.parse(at) - nowMs) / 1000;
}

describe('a target for which deciding does not end', () => {
  it('is left alone, and the others are decided about', () => {
    endless.add('bad');
    const first = answer(of('bad'));
    expect(first).toMatch(/^Quarantined: deciding takes longer than .* again at 1970-01-01T00:00:30.000Z$/);
    nowMs = 10_000;
    expect([answer(of('web')), answer(of('bad'))]).toEqual(['Idle', first]);
    expect(tried).toEqual(['bad', 'web']);
  });

  it('is tried again after pauses that grow, up to an hour', () => {
    endless.add('bad');
    const pauses: number[] = [];
    for (let i = 0; i < 9; i++) {
      const seconds = pauseOf(of('bad'));
      pauses.push(seconds);
      nowMs += seconds * 1000;
    }
    expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
  });

  it('is one like the others again as soon as deciding ends', () => {
    endless.add('bad');
    answer(of('bad'));
    endless.clear();
    nowMs = 30_000;
    expect(answer(of('bad'))).toBe('Idle');
    endless.add('bad');
    expect(pauseOf(of('bad'))).toBe(30);
    expect(counts).toEqual([1, 0, 1]);
  });

  it('waits longer where its namespace has more of the kind', () => {
    for (const name of ['a', 'b', 'c']) endless.add(name);
    expect(['a', 'b', 'c'].map((name) => pauseOf(of(name)))).toEqual([30, 60, 90]);
    expect(pauseOf(of('a', 'other'))).toBe(30);
  });

  it('is forgotten with its target', () => {
    endless.add('bad');
    answer(of('bad'));
    quarantine.forget('shop/bad');
    endless.clear();
    expect(answer(of('bad'))).toBe('Idle');
  });
});

it('takes the traffic off its canary when somebody aborts, and tells its owner, by what needs no decision', () => {
  endless.add('web');
  const objects = underWay().map((each) =>
    each.kind === 'Release' && each.metadata.name === 'web-5'
      ? { ...each, spec: { ...each.spec, intent: 'Abort' } }
      : each,
  );
  const { decision, bug } = decideSafely(
    aSnapshot(objects),
    (snapshot) => quarantine.decide(snapshot),
    () => 0,
  );
  expect(bug).toBeInstanceOf(Quarantined);
  expect(tried).toEqual(['web']);
  const urgent = decision.actions.filter((action) => action.do === 'write' && action.urgent === true);
  expect(urgent).not.toEqual([]);
  expect(decision.actions).toContainEqual(
    expect.objectContaining({
      do: 'event',
      message: expect.stringContaining('leaves it alone for a while') as string,
    }),
  );
});

it('a process that got no time of the machine gives the decision more of it', () => {
  let calls = 0;
  const slow = new Quarantine({
    decide: () => {
      calls += 1;
      while (calls < 3);
      return good;
    },
    now: () => 0,
    cpuMs: () => 0,
    limitMs: 50,
  });
  expect(slow.decide(of('web')).reason).toBe('Idle');
});

it('what deciding throws puts nobody away', () => {
  const broken = new Quarantine({
    decide: () => {
      throw new TypeError('bug');
    },
    now: () => 0,
    cpuMs: () => 0,
  });
  expect(() => broken.decide(of('web'))).toThrow('bug');
  expect(() => broken.decide(of('web'))).toThrow('bug');
});
