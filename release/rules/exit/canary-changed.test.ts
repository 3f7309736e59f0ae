import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import {
  ago,
  aRoute,
  aSnapshot,
  canary,
  changed,
  doing,
  writing,
  ownedBy,
  replicaSet,
} from '../../../test/support/builders.ts';
import { aRelease, initial, underWay } from '../../../test/support/release-builders.ts';
import { startStep } from '../../../analysis/judge/core/judge.ts';
import { decide } from '../../decide.ts';

/** A second ReplicaSet of the canary Deployment, as `kubectl set image deployment/web-canary` makes it. */
const second = (image: string, annotations = {}): KubeObject[] => {
  const [set, ...pods] = replicaSet(image, { pods: 1 });
  const owner = ownedBy('Deployment', 'web-canary', 'uid-web-canary');
  const template = structuredClone(canary()[0]?.spec?.['template']) as {
    metadata: object;
    spec: { containers: { image: string }[] };
  };
  template.spec.containers[0]!.image = image;
  Object.assign(template.metadata, { annotations });
  const spec = { ...set!.spec, template };
  return [{ ...set!, metadata: { ...set!.metadata, ownerReferences: [owner] }, spec } as KubeObject, ...pods];
};

describe('a canary somebody gave another template', () => {
  const known = { analysis: startStep(undefined, 2), step: 2, weight: 50 };
  const nothing = { step: 0, weightObservedAt: undefined as never };

  it('loses its traffic, and with it all that was measured', () => {
    const objects = [...changed(underWay({ status: known }), aRoute(50)), ...second('web:9')];
    const decision = decide(aSnapshot(objects));
    expect([decision.rule, doing(decision)]).toEqual([
      'canary-changed',
      ['jsonPatch HTTPRoute/web: take all traffic off the canary'],
    ]);
    const { next } = decision.status ?? {};
    expect([next?.phase, next?.step, next?.weight]).toEqual(['Progressing', 0, 5]);
    expect([next?.analysis, next?.verdict, next?.weightObservedAt]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is deleted, to be made anew, once that is recorded', () => {
    const at0 = (status: object) => [...changed(underWay({ status }), aRoute(0)), ...second('web:9')];
    expect(doing(decide(aSnapshot(at0(known))))).toEqual([]);
    expect(doing(decide(aSnapshot(at0(nothing))))).toEqual([
      'delete Deployment/web-canary: delete the changed canary',
      'event PreparingCanary',
    ]);
  });

  it('had been let go on by a human: that counts no more', () => {
    const release = aRelease({
      annotations: { 'sluice.dev/resumed-step': '2' },
      status: { ...known, targetGeneration: 5, weightObservedAt: ago(200) },
    });
    const objects = [...changed(changed(underWay(), aRoute(0)), release), ...second('web:9')];
    expect(decide(aSnapshot(objects)).actions).toMatchObject([
      {
        write: {
          verb: 'mergePatch',
          patch: { metadata: { annotations: { 'sluice.dev/resumed-step': null } } },
        },
      },
    ]);
  });

  it('has not changed when it was only restarted', () => {
    const restarted = { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' };
    const decision = decide(aSnapshot([...underWay(), ...second('web:2', restarted)]));
    expect(decision.rule).toBe('step-due');
  });
});

describe('a canary of an earlier target, under a Release of the same name', () => {
  it('is not taken for the canary of this release', () => {
    const [deployment] = canary();
    const ownerReferences = [ownedBy('Deployment', 'web', 'uid-earlier')];
    const earlier = { ...deployment!, metadata: { ...deployment!.metadata, ownerReferences } };
    const record = initial({ spec: { target: { name: 'web', uid: 'uid-earlier' } } });
    const objects = [record, earlier, aRoute(0)].reduce(changed, underWay());
    expect(writing(decide(aSnapshot(objects)))).toEqual([
      'delete Deployment/web-canary: delete the old canary',
    ]);
  });
});

describe('a canary whose readiness comes and goes', () => {
  it.each([
    { times: 2, rule: 'step-due' },
    { times: 3, rule: 'canary-failed' },
  ])('and that lost its last ready pod $times times under traffic: $rule', ({ times, rule }) => {
    const release = aRelease({
      status: { weightObservedAt: ago(200), targetGeneration: 5, losses: times },
    });
    expect(decide(aSnapshot(changed(underWay(), release))).rule).toBe(rule);
  });
});
