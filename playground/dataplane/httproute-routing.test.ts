import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../api/kube.ts';
import { HttpRouteTable } from './httproute-routing.ts';
import { acceptedBy, parentsOf } from './httproute-status.ts';
import { backends, httpRoute, request, shares } from './test-objects.ts';

const ref = (name: string, weight?: number): JsonObject =>
  weight === undefined ? { name, port: 80 } : { name, port: 80, weight };
const TWO = backends({ shop: ['10.0.0.1'], 'shop-canary': ['10.0.0.2'] });

describe('an HTTPRoute', () => {
  it.each([
    { refs: [ref('shop', 95), ref('shop-canary', 5)], want: { shop: 0.95, 'shop-canary': 0.05 } },
    { refs: [ref('shop', 3), ref('shop-canary')], want: { shop: 0.75, 'shop-canary': 0.25 } },
    { refs: [ref('shop', 100), ref('shop-canary', 0)], want: { shop: 1 } },
    { refs: [ref('shop', 0), ref('shop-canary', 0)], want: { '500': 1 } },
    { refs: [ref('shop', 90), ref('gone', 10)], want: { shop: 0.9, '500': 0.1 } },
    { refs: [ref('shop', 90), { name: 'shop', weight: 10 }], want: { shop: 0.9, '500': 0.1 } },
  ])('splits $refs into $want', ({ refs, want }) => {
    const found = shares(new HttpRouteTable([httpRoute([{ backendRefs: refs }])], TWO));
    expect(Object.keys(found).sort()).toEqual(Object.keys(want).sort());
    for (const [key, value] of Object.entries(want)) expect(found[key]).toBeCloseTo(value, 1);
  });

  it('answers 503 for the share of a backend without endpoints, under its own name', () => {
    const dead = backends({ shop: ['10.0.0.1'], 'shop-canary': [] });
    const table = new HttpRouteTable(
      [httpRoute([{ backendRefs: [ref('shop', 80), ref('shop-canary', 20)] }])],
      dead,
    );
    expect(shares(table)['503']).toBeCloseTo(0.2, 1);
    expect(table.route(request(), () => 0.99)).toMatchObject({
      status: 503,
      labels: { service: 'shop-canary' },
    });
  });

  it('prefers the most specific match over all routes, then the oldest', () => {
    const rule = (service: string, match: JsonObject): JsonObject => ({
      matches: [match],
      backendRefs: [ref(service)],
    });
    const prefix = (value: string): JsonObject => ({ path: { type: 'PathPrefix', value } });
    const header = { headers: [{ name: 'X-A', value: '1' }] };
    const table = new HttpRouteTable(
      [
        httpRoute([rule('young', prefix('/a'))], { name: 'young', created: '2026-03-01T00:00:00Z' }),
        httpRoute([rule('old', prefix('/a')), rule('long', prefix('/a/b')), rule('any', {})]),
        httpRoute([
          rule('exact', { path: { type: 'Exact', value: '/a' } }),
          rule('header', { ...prefix('/a'), ...header }),
        ]),
      ],
      backends({ young: ['1'], old: ['2'], long: ['3'], any: ['4'], exact: ['5'], header: ['6'] }),
    );
    const to = (path: string, headers = {}) =>
      table.route(request(path, { headers }), () => 0).labels?.service;
    expect(to('/a')).toBe('exact');
    expect(to('/a/x')).toBe('old');
    expect(to('/a/x', { 'x-a': '1' })).toBe('header');
    expect(to('/a/b/c', { 'x-a': '1' })).toBe('long');
    expect(to('/ab')).toBe('any');
  });

  it('is told apart by host name', () => {
    const only = httpRoute([{ backendRefs: [ref('shop')] }], { hostnames: ['*.example'] });
    const table = new HttpRouteTable([only], TWO);
    expect(table.route(request('/', { host: 'a.example' }), () => 0)).toMatchObject({
      labels: { service: 'shop' },
    });
    expect(table.route(request('/', { host: 'elsewhere' }), () => 0)).toMatchObject({ status: 404 });
  });
});

describe('the status of an HTTPRoute', () => {
  const gateway = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'shop', namespace: 'shop' },
  };
  const route = httpRoute([{ backendRefs: [ref('shop')] }]);
  const now = '2026-01-01T00:00:00Z';

  it('accepts a route of a known Gateway at its generation', () => {
    const parents = parentsOf({ route, gateways: [gateway], backends: TWO, now });
    expect(parents?.[0]?.parentRef).toEqual({ name: 'shop' });
    expect(parents?.[0]?.conditions.map((one) => [one.type, one.status, one.observedGeneration])).toEqual([
      ['Accepted', 'True', 3],
      ['ResolvedRefs', 'True', 3],
    ]);
  });

  it('is not written again when nothing changed, and again when the generation rises', () => {
    const parents = parentsOf({ route, gateways: [gateway], backends: TWO, now });
    const written = { ...route, status: JSON.parse(JSON.stringify({ parents })) as JsonObject };
    expect(parentsOf({ route: written, gateways: [gateway], backends: TWO, now: 'later' })).toBeUndefined();
    written.metadata = { ...written.metadata, generation: 4 };
    const again = parentsOf({ route: written, gateways: [gateway], backends: TWO, now: 'later' });
    expect(again?.[0]?.conditions[0]).toMatchObject({ observedGeneration: 4, lastTransitionTime: now });
  });

  it('says what is missing', () => {
    const lost = httpRoute([{ backendRefs: [ref('nowhere')] }]);
    const [parent] = parentsOf({ route: lost, gateways: [], backends: TWO, now }) ?? [];
    expect(parent?.conditions).toMatchObject([
      { status: 'False', reason: 'NoMatchingParent' },
      { status: 'False', reason: 'BackendNotFound', message: 'not found: Service nowhere:80' },
    ]);
    expect(acceptedBy(lost, [])).toBe(false);
    expect(acceptedBy(lost, [gateway])).toBe(true);
  });

  it('keeps what other controllers wrote', () => {
    const foreign = { parentRef: { name: 'mesh' }, controllerName: 'example.com/other', conditions: [] };
    const shared = { ...route, status: { parents: [foreign] } };
    expect(parentsOf({ route: shared, gateways: [gateway], backends: TWO, now })?.[0]).toEqual(foreign);
  });
});
