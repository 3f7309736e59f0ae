import { describe, expect, it } from 'vitest';
import { aSnapshot, aTarget, replicaSet, UID } from '../test/support/builders.ts';
import { aRelease, initial } from '../test/support/release-builders.ts';
import { PHASES } from '../api/kinds/release/status.ts';
import { isTerminal } from '../api/conditions.ts';
import { factsOf } from './facts/facts.ts';
import { RULES } from './rules/list.ts';
import { situationOf } from './situation.ts';

const known = [...replicaSet('web:1'), initial()];
const held = (...release: Parameters<typeof aRelease>) => [
  aTarget({ image: 'web:2' }),
  ...known,
  aRelease(...release),
];
const made = { annotations: { 'sluice.dev/recorded-as': 'Deleted' } };
const recreated = { annotations: { 'sluice.dev/recorded-as': 'Recreated' } };
const status = { phase: 'RollingBack' as const };

describe('the situation of a pass', () => {
  it.each([
    { given: 'no Deployment', objects: [], want: 'Gone' },
    {
      given: 'a Deployment that is being deleted',
      objects: [aTarget({ deleting: true }), ...known],
      want: 'Gone',
    },
    { given: 'a release whose Deployment is gone', objects: [...known, aRelease()], want: 'GoneMidRelease' },
    { given: 'a Deployment without a policy', objects: [aTarget({ policy: null })], want: 'NotOptedIn' },
    {
      given: 'a release whose Deployment lost its policy',
      objects: [aTarget({ policy: null }), ...known, aRelease()],
      want: 'OptedOutMidRelease',
    },
    { given: 'no Release yet', objects: [aTarget(), ...replicaSet('web:1')], want: 'FirstSight' },
    {
      given: 'a Deployment that was made again',
      objects: [aTarget({ uid: `${UID}-2` }), ...known],
      want: 'FirstSight',
    },
    { given: 'no release under way', objects: [aTarget(), ...known], want: 'Idle' },
    { given: 'a Release without a status', objects: held({ status: null }), want: 'Starting' },
    { given: 'a record without a status', objects: held({ ...made, status: null }), want: 'Recording' },
    { given: 'a record of another Deployment', objects: held({ ...recreated, status }), want: 'Recording' },
    { given: 'a record that ends otherwise', objects: held({ ...made, status }), want: 'Leaving' },
  ])('is $want for $given', ({ objects, want }) => {
    expect(situationOf(factsOf(aSnapshot(objects))).kind).toBe(want);
  });

  it.each(PHASES.filter((phase) => !isTerminal(phase)))('is about the phase %s', (phase) => {
    const want = {
      Pending: 'Starting',
      Blocked: 'Starting',
      Progressing: 'Stepping',
      Waiting: 'Stepping',
      Promoting: 'Promoting',
      RollingBack: 'Leaving',
    };
    const { kind } = situationOf(factsOf(aSnapshot(held({ status: { phase } }))));
    expect({ [phase]: kind }).toEqual({ [phase]: want[phase as keyof typeof want] });
  });
});

describe('the rules of all situations', () => {
  const lists = Object.values(RULES).map(({ rules, otherwise }) =>
    [...rules, otherwise].map(({ name }) => name),
  );

  it('stand in the same order wherever two of them do', () => {
    const before = new Set(
      lists.flatMap((names) =>
        names.flatMap((name, i) => names.slice(i + 1).map((later) => `${name} < ${later}`)),
      ),
    );
    const contradicted = [...before].filter((pair) => before.has(pair.split(' < ').toReversed().join(' < ')));
    expect(contradicted).toEqual([]);
  });

  it('are known by names of their own', () => {
    const rules = new Set(Object.values(RULES).flatMap(({ rules: each, otherwise }) => [...each, otherwise]));
    expect(new Set([...rules].map(({ name }) => name)).size).toBe(rules.size);
  });
});
