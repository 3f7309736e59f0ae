import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../lib/json.ts';
import { parentsOf, servedHosts } from './route-status.ts';
import { backends, gateway, httpRoute, ref } from '../../../test/support/dataplane-objects.ts';

const TWO = backends({ shop: ['10.0.0.1'], 'shop-canary': ['10.0.0.2'] });

describe('the status of an HTTPRoute', () => {
  const route = httpRoute([{ backendRefs: [ref('shop')] }]);
  const now = '2026-01-01T00:00:00Z';

  it('accepts a route of a known Gateway at its generation', () => {
    const parents = parentsOf({ route, gateways: [gateway()], backends: TWO, now });
    expect(parents?.[0]).toMatchObject({
      parentRef: { name: 'shop' },
      controllerName: 'istio.io/gateway-controller',
    });
    expect(parents?.[0]?.conditions.map((one) => [one.type, one.status, one.observedGeneration])).toEqual([
      ['Accepted', 'True', 3],
      ['ResolvedRefs', 'True', 3],
    ]);
  });

  it('is not written again when nothing changed, and again when the generation rises', () => {
    const parents = parentsOf({ route, gateways: [gateway()], backends: TWO, now });
    const written = { ...route, status: JSON.parse(JSON.stringify({ parents })) as JsonObject };
    expect(parentsOf({ route: written, gateways: [gateway()], backends: TWO, now: 'later' })).toBeUndefined();
    written.metadata = { ...written.metadata, generation: 4 };
    const again = parentsOf({ route: written, gateways: [gateway()], backends: TWO, now: 'later' });
    expect(again?.[0]?.conditions[0]).toMatchObject({ observedGeneration: 4, lastTransitionTime: now });
  });

  it('says what is missing', () => {
    const lost = httpRoute([{ backendRefs: [ref('nowhere')] }]);
    const [parent] = parentsOf({ route: lost, gateways: [], backends: TWO, now }) ?? [];
    expect(parent?.conditions).toMatchObject([
      { status: 'False', reason: 'NoMatchingParent' },
      { status: 'False', reason: 'BackendNotFound', message: 'not found: Service nowhere:80' },
    ]);
    const copied = httpRoute([
      {
        backendRefs: [ref('shop')],
        filters: [{ type: 'RequestMirror', requestMirror: { backendRef: ref('gone') } }],
      },
    ]);
    const [own] = parentsOf({ route: copied, gateways: [gateway()], backends: TWO, now }) ?? [];
    expect(own?.conditions[1]).toMatchObject({ status: 'False', message: 'not found: Service gone:80' });
  });

  it('is written for Services that are parents, in the mesh, as well', () => {
    const parentRefs = [
      { group: '', kind: 'Service', name: 'shop', port: 80 },
      { kind: 'Service', name: 'gone' },
    ];
    const mesh = { ...route, spec: { ...route.spec, parentRefs } };
    const parents = parentsOf({ route: mesh, gateways: [], backends: TWO, now }) ?? [];
    expect(
      parents.map(({ parentRef, conditions: [accepted] }) => [parentRef.name, accepted?.status]),
    ).toEqual([
      ['shop', 'True'],
      ['gone', 'False'],
    ]);
    expect(parents[0]?.controllerName).toBe('istio.io/mesh-controller');
    expect(parents[1]?.conditions[0]?.message).toBe('there is no Service gone');
  });

  it('keeps what other controllers wrote', () => {
    const foreign = { parentRef: { name: 'mesh' }, controllerName: 'example.com/other', conditions: [] };
    const shared = { ...route, status: { parents: [foreign] } };
    expect(parentsOf({ route: shared, gateways: [gateway()], backends: TWO, now })?.[0]).toEqual(foreign);
  });
});

describe('a route', () => {
  it.each([
    { parentRefs: [{ name: 'shop' }], hostnames: undefined, want: [''] },
    { parentRefs: [{ name: 'shop' }], hostnames: ['a.example'], want: ['a.example'] },
    { parentRefs: [{ name: 'other' }], hostnames: ['a.example'], want: [] },
    {
      parentRefs: [{ kind: 'Service', name: 'shop' }],
      hostnames: ['a.example'],
      want: ['shop.shop.svc.cluster.local'],
    },
    { parentRefs: [{ kind: 'Service', group: 'other', name: 'shop' }], hostnames: undefined, want: [] },
    { parentRefs: [{ kind: 'Service', name: 'gone' }], hostnames: undefined, want: [] },
  ])('of $parentRefs for $hostnames is served under $want', ({ parentRefs, hostnames, want }) => {
    const route = httpRoute([], hostnames === undefined ? {} : { hostnames });
    const parented = { ...route, spec: { ...route.spec, parentRefs } };
    expect(servedHosts(parented, [gateway()], TWO).map((host) => host.hostname)).toEqual(want);
  });
});
