import { describe, expect, it } from 'vitest';
import type { JsonObject, KubeObject } from '../../api/kube.ts';
import { backends, request, shares } from './test-objects.ts';
import { VirtualServiceTable } from './virtualservice-routing.ts';

const TWO = backends({ shop: ['10.0.0.1'], 'shop-canary': ['10.0.0.2'], third: ['10.0.0.3'], dead: [] });

const to = (host: string, weight?: number): JsonObject => ({
  destination: { host },
  ...(weight === undefined ? {} : { weight }),
});
const virtualService = (http: JsonObject[], spec: JsonObject = {}, name = 'shop'): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name, namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { hosts: ['shop.example'], http, ...spec },
});

describe('a VirtualService', () => {
  it.each([
    { route: [to('shop', 95), to('shop-canary', 5)], want: { shop: 0.95, 'shop-canary': 0.05 } },
    { route: [to('shop', 3), to('shop-canary', 1)], want: { shop: 0.75, 'shop-canary': 0.25 } },
    { route: [to('shop', 3), to('shop-canary')], want: { shop: 1 } },
    { route: [to('shop', 0), to('shop-canary', 100)], want: { 'shop-canary': 1 } },
    { route: [to('shop', 9725), to('shop-canary', 275)], want: { shop: 0.9725, 'shop-canary': 0.0275 } },
    { route: [to('shop-canary', 0)], want: { 'shop-canary': 1 } },
    { route: [to('shop'), to('shop-canary')], want: { '500': 1 } },
    { route: [to('shop', 80), to('dead', 20)], want: { shop: 0.8, '503': 0.2 } },
    { route: [to('shop.shop.svc.cluster.local', 1)], want: { shop: 1 } },
    { route: [to('shop.shop', 1)], want: { '503': 1 } },
    { route: [{ destination: { host: 'shop', subset: 'v1' } }], want: { '503': 1 } },
  ])('splits $route into $want', ({ route, want }) => {
    const found = shares(new VirtualServiceTable([virtualService([{ route }])], TWO));
    expect(Object.keys(found).sort()).toEqual(Object.keys(want).sort());
    for (const [key, value] of Object.entries(want)) expect(found[key]).toBeCloseTo(value, 1);
  });

  const go = (objects: KubeObject[], path = '/', more = {}) => {
    const routed = new VirtualServiceTable(objects, TWO).route(request(path, more), () => 0);
    return 'to' in routed ? routed.labels.service : routed.status;
  };

  it('takes the first route that matches, not the most specific', () => {
    const route = (service: string, match?: JsonObject[]): JsonObject => ({
      ...(match === undefined ? {} : { match }),
      route: [to(service)],
    });
    const object = virtualService([
      route('third', [
        { uri: { exact: '/x' }, headers: { 'X-A': { exact: '1' } } },
        { uri: { regex: '/r\\d' } },
      ]),
      route('shop', [{ uri: { prefix: '/x' } }]),
      route('shop-canary'),
      route('dead', [{ uri: { exact: '/never' } }]),
    ]);
    expect(go([object], '/x', { headers: { 'x-a': '1' } })).toBe('third');
    expect(go([object], '/r5')).toBe('third');
    expect(go([object], '/x')).toBe('shop');
    expect(go([object], '/never')).toBe('shop-canary');
  });

  it('follows a delegate one level deep and leaves a missing one out', () => {
    const root = virtualService([
      { match: [{ uri: { prefix: '/gone' } }], delegate: { name: 'gone' } },
      { match: [{ uri: { prefix: '/d' } }], delegate: { name: 'part' } },
    ]);
    const part = virtualService([{ route: [to('third')] }], {}, 'part');
    delete part.spec?.['hosts'];
    expect(go([root, part], '/d')).toBe('third');
    expect(go([root, part], '/gone')).toBe(404);
    expect(go([part], '/d')).toBe(404);
  });

  it('takes of a delegate what fits both its match and that of who calls it', () => {
    const beta = { match: [{ headers: { 'x-beta': { exact: '1' } } }], route: [to('shop-canary', 1)] };
    const part = virtualService([beta, { route: [to('third')] }], {}, 'part');
    delete part.spec?.['hosts'];
    const root = virtualService([
      { match: [{ uri: { prefix: '/d' } }], delegate: { name: 'part' } },
      { route: [to('shop')] },
    ]);
    const headers = { 'x-beta': '1' };
    expect(go([root, part], '/d', { headers })).toBe('shop-canary');
    expect(go([root, part], '/d')).toBe('third');
    expect(go([root, part], '/', { headers })).toBe('shop');
  });

  it('is for its hosts; within the mesh a Service without one is reached by its name', () => {
    const inside = virtualService([{ route: [to('third')] }], { hosts: ['shop'] });
    const host = 'shop.shop.svc.cluster.local';
    expect(go([inside], '/', { host })).toBe('third');
    expect(go([inside], '/', { host: 'shop.shop.svc' })).toBe('third');
    expect(go([inside], '/')).toBe(404);
    expect(go([], '/', { host })).toBe('shop');
  });

  it.each([
    { headers: { 'x-beta': 'always' }, want: 'shop-canary' },
    { headers: { 'x-beta': 'never' }, want: 'shop' },
    { headers: { cookie: 'a=1; beta=always' }, want: 'shop-canary' },
    { headers: { cookie: 'xbeta=always' }, want: 'shop' },
    { headers: {}, want: 'shop' },
  ])('sends $headers to $want by its matches', ({ headers, want }) => {
    const cookie = { regex: '(?:.*; *)?beta=always(?:;.*)?' };
    const match = [{ headers: { 'x-beta': { exact: 'always' } } }, { headers: { cookie } }];
    const ours = { name: 'ours', match, route: [to('shop', 0), to('shop-canary', 100)] };
    expect(go([virtualService([ours, { route: [to('shop')] }])], '/', { headers })).toBe(want);
  });

  const send = (route: JsonObject) =>
    new VirtualServiceTable([virtualService([{ route: [to('shop')], ...route }])], TWO).route(
      request(),
      () => 0.3,
    );

  it.each([
    { mirrors: { mirror: { host: 'shop-canary' } }, want: ['shop-canary'] },
    { mirrors: { mirror: { host: 'shop-canary' }, mirrorPercentage: { value: 29.5 } }, want: [] },
    {
      mirrors: { mirror: { host: 'shop-canary' }, mirrorPercentage: { value: 30.5 } },
      want: ['shop-canary'],
    },
    { mirrors: { mirror: { host: 'shop-canary' }, mirrorPercentage: {} }, want: [] },
    { mirrors: { mirror: { host: 'dead' } }, want: [] },
    {
      mirrors: {
        mirrors: [
          { destination: { host: 'third' } },
          { destination: { host: 'shop-canary' }, percentage: { value: 20 } },
          { destination: { host: 'shop-canary' }, percentage: { value: 40 } },
        ],
      },
      want: ['third', 'shop-canary'],
    },
  ])('copies to $want by $mirrors', ({ mirrors, want }) => {
    const routed = send(mirrors);
    expect(routed.labels?.service).toBe('shop');
    expect('to' in routed && routed.copies?.map(({ labels }) => labels.service)).toEqual(want);
  });

  it('changes headers, those of the route before those of the destination', () => {
    const add = { 'set-cookie': 'sticky=shop-7' };
    const route = [{ ...to('shop'), headers: { response: { add } } }];
    expect(
      send({ route, headers: { request: { remove: ['x-a'] }, response: { set: { 'x-b': '1' } } } }),
    ).toMatchObject({
      edits: {
        request: [{ set: {}, add: {}, remove: ['x-a'] }],
        response: [{ set: { 'x-b': '1' } }, { add }],
      },
    });
  });
});
