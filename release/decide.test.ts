import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import type { JsonObject } from '../lib/json.ts';
import { isReason } from '../api/reasons.ts';
import {
  aRoute,
  aSnapshot,
  aTarget,
  canary,
  changed,
  doing,
  NOW,
  replicaSet,
  SERVICE,
} from '../test/support/builders.ts';
import { aRelease, initial, measured, underWay } from '../test/support/release-builders.ts';
import { decide, decideSafely } from './decide.ts';
import type { Snapshot } from './model.ts';

describe('decide', () => {
  it.each([
    {
      given: 'a Deployment that has not opted in',
      objects: [aTarget({ policy: null })],
      want: 'not-opted-in',
    },
    { given: 'no Deployment at all', objects: [], want: 'target-gone' },
    {
      given: 'an idle, held target',
      objects: [aTarget(), ...replicaSet('web:1'), initial()],
      want: 'nothing-due',
    },
    { given: 'a release under way', objects: underWay(), want: 'step-due' },
    {
      given: 'a Release nobody can read',
      objects: [aTarget(), ...replicaSet('web:1'), { ...initial(), spec: { target: { name: 'web' } } }],
      want: 'unreadable-release',
    },
  ])('answers for $given by the rule $want', ({ objects, want }) => {
    expect(decide(aSnapshot(objects)).rule).toBe(want);
  });

  it('does nothing about a Deployment that has not opted in', () => {
    expect(
      decide(aSnapshot([aTarget({ policy: null }), ...replicaSet('web:1'), SERVICE, aRoute()])),
    ).toMatchObject({
      actions: [],
      outcome: 'done',
    });
  });

  it('gives every reason as a known constant, and a sentence', () => {
    const { reason, sentence } = decide(aSnapshot(underWay()));
    expect([isReason(reason), sentence.length > 0]).toEqual([true, true]);
  });

  it('changes nothing of the snapshot', () => {
    const objects = underWay();
    const before = structuredClone(objects);
    decide(aSnapshot(objects));
    expect(objects).toEqual(before);
  });
});

/** Anything that a tenant, or an older version of Sluice, may have left in an object. */
const anyJson = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown> as fc.Arbitrary<JsonObject>;

const PLACES: readonly ((objects: KubeObject[], value: JsonObject) => KubeObject[])[] = [
  (objects, value) => changed(objects, { ...aTarget({ image: 'web:2' }), spec: value }),
  (objects, value) => changed(objects, { ...aTarget({ image: 'web:2' }), status: value }),
  (objects, value) => changed(objects, { ...aRelease(), spec: value }),
  (objects, value) => changed(objects, { ...aRelease(), status: value }),
  (objects, value) => changed(objects, { ...aRoute(5), spec: value }),
  (objects, value) => changed(objects, { ...aRoute(5), status: value }),
  (objects, value) => changed(objects, { ...SERVICE, spec: value }),
  (objects, value) => [
    ...canary().map((each): KubeObject => ({ ...each, spec: value, status: value })),
    ...objects,
  ],
  (objects, value) => [
    ...objects,
    { apiVersion: 'v', kind: 'ReleasePolicy', metadata: { name: 'default', namespace: 'shop' }, spec: value },
  ],
  (objects, value) => [
    ...objects,
    { apiVersion: 'v', kind: 'AnalysisTemplate', metadata: { name: 'http', namespace: 'shop' }, spec: value },
  ],
];

describe('whatever stands in the objects', () => {
  it('decide answers, with a known reason and a status that says where it stands', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PLACES), anyJson, fc.boolean(), (place, value, begun) => {
        const objects = begun
          ? underWay()
          : [aTarget({ image: 'web:2' }), ...replicaSet('web:1'), SERVICE, aRoute(), initial()];
        const decision = decide(aSnapshot(place(objects, value)));
        expect(isReason(decision.reason)).toBe(true);
        expect(decision.sentence).not.toBe('');
      }),
      { numRuns: 300 },
    );
  });

  it('a wrong annotation blocks the release with field, value and remedy, and never throws', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('steps', 'analysis', 'provider', 'service', 'route', 'skip', 'policy', 'unknown'),
        fc.string(),
        (name, value) => {
          const annotations = { [`sluice.dev/${name}`]: value };
          const target = aTarget({ image: 'web:2', annotations });
          const decision = decide(
            aSnapshot([
              target,
              ...replicaSet('web:1'),
              SERVICE,
              aRoute(),
              initial(),
              aRelease({ spec: NOTHING_RESOLVED, status: null, recorded: false }),
            ]),
          );
          if (decision.status?.next.phase === 'Blocked') {
            expect(decision.status.next.message).toMatch(/[a-z]/);
            expect(doing(decision)).toContain('jsonPatch Deployment/web: report the failure to native tools');
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

const NOTHING_RESOLVED = { policy: {}, analysis: [], traffic: undefined as never };

describe('a decision on the way to which something is thrown', () => {
  const broken = (): never => {
    throw new TypeError('nobody foresaw this');
  };
  const decided = (objects: readonly KubeObject[], sinceMs = NOW) =>
    decideSafely(aSnapshot(objects), broken, () => sinceMs).decision;
  const aborted = (): KubeObject[] => {
    const release = underWay().find(({ kind, metadata }) => kind === 'Release' && metadata.name === 'web-5')!;
    return changed(underWay(), { ...release, spec: { ...release.spec, intent: 'Abort' } });
  };
  const OFF = 'jsonPatch HTTPRoute/web: take all traffic off a forgotten canary';
  const TOLD = 'event InternalError';

  it.each([
    { given: 'nobody wants it to end', objects: underWay(), want: [TOLD] },
    { given: 'a human aborts the release', objects: aborted(), want: [OFF, TOLD] },
    {
      given: 'the target opts out',
      objects: changed(underWay(), aTarget({ image: 'web:2', policy: null })),
      want: [OFF, TOLD],
    },
    {
      given: 'the target is being deleted',
      objects: changed(underWay(), aTarget({ image: 'web:2', deleting: true })),
      want: [OFF, TOLD],
    },
  ])('takes traffic off as it should where $given', ({ objects, want }) => {
    const decision = decided(objects);
    expect([decision.rule, decision.reason]).toEqual(['plain', 'InternalError']);
    expect(doing(decision)).toEqual(want);
  });

  it('takes traffic off when nothing could be decided for two minutes', () => {
    expect(doing(decided(underWay(), NOW - 119_000))).toEqual([TOLD]);
    expect(doing(decided(underWay(), NOW - 120_000))).toEqual([OFF, TOLD]);
  });

  it('drops the numbers of a measurement that led to it, and keeps its window', () => {
    const window = { startMs: NOW - 30_000, endMs: NOW - 15_000 };
    const poison = measured(window, { canary: [1, 1], stable: [1, 1] });
    let seen: Snapshot | undefined;
    const { decision, bug } = decideSafely(
      aSnapshot(underWay(), { measured: poison }),
      (snapshot) => {
        if (snapshot.measured?.measurements.some(({ outcome }) => outcome === 'ok') === true) broken();
        seen = snapshot;
        return decide(snapshot);
      },
      broken,
    );
    expect(bug).toBeInstanceOf(TypeError);
    expect(seen?.measured).toMatchObject({ window, measurements: [{ outcome: 'nan' }] });
    expect(decision.status?.next.decisions.at(-1)).toMatchObject({
      reason: 'InternalError',
      sentence: expect.stringContaining('TypeError: nobody foresaw this') as unknown,
    });
  });
});
