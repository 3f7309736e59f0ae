import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import type { ReleaseStatus } from '../api/kinds/release/status.ts';
import { statusWrite } from './status-write.ts';

const status: ReleaseStatus = {
  observedGeneration: 1,
  phase: 'Progressing',
  reason: 'PreparingCanary',
  message: 'step 1 of 3',
  step: 0,
  steps: 3,
  weight: 5,
  observedWeight: null,
  conditions: [],
  decisions: [],
  startedAt: '2026-01-01T00:00:00Z',
};

const release = (current?: unknown): KubeObject => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Release',
  metadata: { namespace: 'team', name: 'shop-2', uid: 'u-1', resourceVersion: '42' },
  ...(current === undefined ? {} : { status: current as NonNullable<KubeObject['status']> }),
});

describe('the write of a status', () => {
  it('replaces the whole status of exactly the object that was looked at', () => {
    expect(statusWrite(release({ phase: 'Pending', step: -1 }), status)).toMatchObject({
      verb: 'jsonPatch',
      ref: { namespace: 'team', name: 'shop-2' },
      subresource: 'status',
      patch: [
        { op: 'test', path: '/metadata/uid', value: 'u-1' },
        { op: 'test', path: '/metadata/resourceVersion', value: '42' },
        { op: 'add', path: '/status', value: status },
      ],
    });
  });

  it.each([
    {
      title: 'with its keys in another order',
      current: Object.fromEntries(Object.entries(status).reverse()),
    },
    { title: 'as it came over the wire', current: JSON.parse(JSON.stringify(status)) as unknown },
  ])('is left out when the status is so already, $title', ({ current }) => {
    expect(statusWrite(release(current), status)).toBeUndefined();
  });

  it.each([
    { title: 'a null was a number', current: { ...status, observedWeight: 5 } },
    { title: 'a key is gone', current: { ...status, pausedAt: 'x' } },
    { title: 'there was none', current: undefined },
  ])('is made when $title', ({ current }) => {
    expect(statusWrite(release(current), status)).toBeDefined();
  });
});
