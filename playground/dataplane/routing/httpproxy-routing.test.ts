import { expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { backends, request, shares } from '../../../test/support/dataplane-objects.ts';
import { HttpProxyTable } from './httpproxy-routing.ts';
import { proxyStatusOf } from './httpproxy-status.ts';

const BACKENDS = backends({ shop: ['10.0.0.1'], 'shop-canary': ['10.0.0.2'], blog: ['10.0.0.3'], dead: [] });
const HOST = 'shop.example';

const to = (name: string, more: JsonObject = {}): JsonObject => ({ name, port: 80, ...more });
const proxy = (name: string, spec: JsonObject): KubeObject => ({
  apiVersion: 'projectcontour.io/v1',
  kind: 'HTTPProxy',
  metadata: { name, namespace: 'shop', generation: 3 },
  spec,
});
const root = (routes: JsonObject[], more: JsonObject = {}): KubeObject =>
  proxy('shop', { virtualhost: { fqdn: HOST }, routes, ...more });
const sharesOf = (objects: KubeObject[], path = '/', headers: Record<string, string> = {}) =>
  shares(new HttpProxyTable(objects, BACKENDS), { ...request(path, { host: HOST }), headers });

it.each<{ given: string; services: JsonObject[]; want: Record<string, number> }>([
  { given: 'one', services: [to('shop', { weight: 0 })], want: { shop: 1 } },
  {
    given: '95 and 5',
    services: [to('shop', { weight: 95 }), to('shop-canary', { weight: 5 })],
    want: { shop: 0.95, 'shop-canary': 0.05 },
  },
  { given: 'none', services: [to('shop'), to('shop-canary')], want: { shop: 0.5, 'shop-canary': 0.5 } },
  { given: 'one of two', services: [to('shop', { weight: 3 }), to('shop-canary')], want: { shop: 1 } },
  { given: 'one of a Service without pods', services: [to('dead', { weight: 1 })], want: { '503': 1 } },
  { given: 'a copy beside it', services: [to('shop'), to('blog', { mirror: true })], want: { shop: 1 } },
])('weights: $given', ({ services, want }) => {
  const found = sharesOf([root([{ services }])]);
  expect(Object.keys(found).sort()).toEqual(Object.keys(want).sort());
  for (const [key, value] of Object.entries(want)) expect(found[key]).toBeCloseTo(value, 1);
});

it.each<{ path: string; headers?: Record<string, string>; want: string }>([
  { path: '/', want: 'shop' },
  { path: '/blog', want: 'blog' },
  { path: '/blog/exact', want: 'shop-canary' },
  { path: '/blog/exactly', want: 'blog' },
  { path: '/item/7', want: 'shop-canary' },
  { path: '/', headers: { 'x-beta': 'always' }, want: 'shop-canary' },
  { path: '/', headers: { 'x-beta': 'never' }, want: 'shop' },
])('the most specific route takes $path $headers: $want', ({ path, headers, want }) => {
  const objects = [
    root(
      [
        { conditions: [{ prefix: '/' }], services: [to('shop')] },
        {
          conditions: [{ prefix: '/' }, { header: { name: 'x-beta', exact: 'always' } }],
          services: [to('shop-canary')],
        },
        { conditions: [{ regex: '/item/[0-9]+' }], services: [to('shop-canary')] },
      ],
      { includes: [{ name: 'blog', conditions: [{ prefix: '/blog' }] }] },
    ),
    proxy('blog', {
      routes: [
        { services: [to('blog')] },
        { conditions: [{ exact: '/exact' }], services: [to('shop-canary')] },
      ],
      includes: [{ name: 'blog' }],
    }),
  ];
  expect(sharesOf(objects, path, headers)).toEqual({ [want]: expect.closeTo(1) as number });
});

it('knows only the hosts of roots', () => {
  const part = proxy('part', { routes: [{ services: [to('shop')] }] });
  expect(sharesOf([part])).toEqual({ '404': expect.closeTo(1) as number });
});

it('counts by the name that Contour gives the cluster', () => {
  const table = new HttpProxyTable([root([{ services: [to('shop')] }])], BACKENDS);
  expect(table.route(request('/', { host: HOST }), () => 0)).toMatchObject({
    labels: { namespace: 'shop', service: 'shop', cluster: 'shop_shop_80' },
  });
});

it('says of each generation once whether all its Services are there', () => {
  const valid = root([{ services: [to('shop')] }]);
  const status = proxyStatusOf(valid, BACKENDS, '2026-01-01T00:00:00Z')!;
  expect(status).toMatchObject({
    currentStatus: 'valid',
    conditions: [{ type: 'Valid', status: 'True', observedGeneration: 3 }],
  });
  expect(proxyStatusOf({ ...valid, status }, BACKENDS, '2026-01-02T00:00:00Z')).toBeUndefined();
  const wrong = proxyStatusOf(root([{ services: [to('nowhere')] }]), BACKENDS, '2026-01-01T00:00:00Z');
  expect(wrong).toMatchObject({
    currentStatus: 'invalid',
    conditions: [{ status: 'False', errors: [{ message: 'service "nowhere" not found' }] }],
  });
});
