import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { leftovers } from './leftovers.ts';
import type { Listing } from './leftovers.ts';

const object = (
  kind: string,
  name: string,
  more: { metadata?: JsonObject; spec?: JsonObject } = {},
): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '1', ...more.metadata },
  ...(more.spec === undefined ? {} : { spec: more.spec }),
});
const ownedBy = (kind: string, name: string): JsonObject => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: `uid-${name}`, controller: true }],
});
const TARGET = object('Deployment', 'shop', {
  metadata: { generation: 2, annotations: { 'deployment.kubernetes.io/revision': '1', a: 'b' } },
  spec: { replicas: 6 },
});
const BEFORE: Listing = new Map([
  ['deployments.apps shop/shop', TARGET],
  ['services shop/shop', object('Service', 'shop')],
  ['pods shop/old', object('Pod', 'old', { metadata: ownedBy('ReplicaSet', 'shop-1') })],
]);

const owner = (
  manager: string,
  operation = 'Apply',
  fieldsV1: JsonObject = { 'f:spec': { 'f:rules': {} } },
): JsonObject => ({
  ...{ manager, operation, apiVersion: 'v1', fieldsType: 'FieldsV1', time: '2026-01-01T00:00:00Z' },
  fieldsV1,
});

describe('leftovers', () => {
  const after = (more: Record<string, KubeObject>, without: string[] = []): Listing =>
    new Map([...BEFORE, ...Object.entries(more)].filter(([key]) => !without.includes(key)));

  it.each([
    { given: 'nothing has changed', more: {} },
    { given: 'an old pod went', more: {}, without: ['pods shop/old'] },
    {
      given: 'Kubernetes has counted on and the target is paused',
      more: {
        'deployments.apps shop/shop': object('Deployment', 'shop', {
          metadata: {
            generation: 9,
            resourceVersion: '7',
            annotations: { 'deployment.kubernetes.io/revision': '2', a: 'b' },
            managedFields: [owner('sluice', 'Update', { 'f:spec': { 'f:paused': {} } })],
          },
          spec: { replicas: 6, paused: true },
        }),
      },
    },
    {
      given: 'the target has new pods',
      more: {
        'replicasets.apps shop/shop-2': object('ReplicaSet', 'shop-2', {
          metadata: ownedBy('Deployment', 'shop'),
        }),
        'pods shop/new': object('Pod', 'new', { metadata: ownedBy('ReplicaSet', 'shop-2') }),
        'endpointslices.discovery.k8s.io shop/x': object('EndpointSlice', 'x', {
          metadata: ownedBy('Service', 'shop'),
        }),
      },
    },
    {
      given: 'there are Events, a Lease and the Release',
      more: {
        'events shop/e': object('Event', 'e'),
        'leases.coordination.k8s.io sluice-system/l': object('Lease', 'l'),
        'releases.sluice.dev shop/shop-2': object('Release', 'shop-2'),
      },
    },
  ])('are none when $given', ({ more, without }) => {
    expect(leftovers(BEFORE, after(more, without))).toEqual([]);
  });

  it.each([
    {
      want: 'services shop/shop: metadata.managedFields.helm Apply differs',
      more: {
        'services shop/shop': object('Service', 'shop', { metadata: { managedFields: [owner('helm')] } }),
      },
    },
    {
      want: 'services shop/shop: metadata.managedFields.sluice Update differs',
      more: {
        'services shop/shop': object('Service', 'shop', {
          metadata: { managedFields: [owner('sluice', 'Update')] },
        }),
      },
    },
    {
      want: 'deployments.apps shop/shop-canary is left over',
      more: { 'deployments.apps shop/shop-canary': object('Deployment', 'shop-canary') },
    },
    {
      want: 'networkpolicies.networking.k8s.io shop/web-canary is left over',
      more: {
        'networkpolicies.networking.k8s.io shop/web-canary': object('NetworkPolicy', 'web-canary', {
          metadata: ownedBy('Deployment', 'shop'),
        }),
      },
    },
    {
      want: 'pods shop/c is left over',
      more: { 'pods shop/c': object('Pod', 'c', { metadata: ownedBy('ReplicaSet', 'shop-canary-1') }) },
    },
    { want: 'services shop/shop is gone', more: {}, without: ['services shop/shop'] },
    {
      want: 'services shop/shop: spec.x differs',
      more: { 'services shop/shop': object('Service', 'shop', { spec: { x: 1 } }) },
      spec: true,
    },
    {
      want: 'deployments.apps shop/shop: metadata.annotations.a differs',
      more: {
        'deployments.apps shop/shop': object('Deployment', 'shop', {
          metadata: { annotations: { a: 'changed' } },
          spec: { replicas: 6 },
        }),
      },
    },
    {
      want: 'deployments.apps shop/shop: spec.replicas differs',
      more: {
        'deployments.apps shop/shop': object('Deployment', 'shop', {
          metadata: { annotations: { a: 'b' } },
          spec: { replicas: 5 },
        }),
      },
    },
  ])('are named: $want', ({ want, more, without, spec }) => {
    const before =
      spec === true
        ? new Map(BEFORE).set('services shop/shop', object('Service', 'shop', { spec: { x: 0 } }))
        : BEFORE;
    expect(leftovers(before, after(more, without))).toEqual([want]);
  });
});
