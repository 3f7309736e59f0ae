import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { aRoute, aTarget } from '../../test/support/builders.ts';
import { fingerprint, fingerprintsOf, recordedFingerprints } from './fingerprint.ts';

const annotated = (object: KubeObject, annotations: Record<string, string>): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } },
});

describe("the hash of a user's object", () => {
  const before = fingerprint(aTarget());

  it.each([
    { what: 'the hold', now: aTarget({ paused: false }) },
    { what: 'its mark', now: annotated(aTarget(), { 'sluice.dev/held': 'new' }) },
    { what: 'what an autoscaler writes', now: aTarget({ replicas: 9 }) },
    {
      what: 'what its controller counts',
      now: annotated(aTarget(), { 'deployment.kubernetes.io/revision': '7' }),
    },
    { what: 'what the server keeps', now: aTarget({ generation: 9, uid: 'another' }) },
  ])('stays with $what', ({ now }) => {
    expect(fingerprint(now)).toBe(before);
  });

  it.each([
    { what: 'another template', now: aTarget({ image: 'web:2' }) },
    { what: 'another annotation', now: annotated(aTarget(), { owner: 'shop' }) },
    { what: 'another policy', now: aTarget({ policy: 'strict' }) },
  ])('changes with $what', ({ now }) => {
    expect(fingerprint(now)).not.toBe(before);
  });

  it('changes with the weights of a route', () => {
    expect(fingerprint(aRoute(5))).not.toBe(fingerprint(aRoute()));
  });

  it('is read from the record as it was written', () => {
    const wanted = fingerprintsOf([aTarget(), aRoute()]);
    expect(Object.keys(wanted)).toEqual(['Deployment/web', 'HTTPRoute/web']);
    const annotations = { 'sluice.dev/user-objects': JSON.stringify(wanted) };
    expect(recordedFingerprints({ metadata: { name: 'web-2', annotations } })).toEqual(wanted);
    expect(
      recordedFingerprints({ metadata: { name: 'web-2', annotations: { 'sluice.dev/user-objects': '[' } } }),
    ).toEqual({});
  });
});
