import { expect, it } from 'vitest';
import { ProfileTable } from './profile-routing.ts';
import { backends, request, shares } from '../../../test/support/dataplane-objects.ts';

const BACKENDS = backends({ shop: ['10.0.0.1'], 'shop-canary': ['10.0.0.2'], dead: [] });
const HOST = 'shop.shop.svc.cluster.local';

const tableOf = (weights: Record<string, string>): ProfileTable => {
  const dstOverrides = Object.entries(weights).map(([name, weight]) => ({
    authority: `${name}.shop.svc.cluster.local`,
    weight,
  }));
  const metadata = { name: HOST, namespace: 'shop' };
  return new ProfileTable(
    [{ apiVersion: 'linkerd.io/v1alpha2', kind: 'ServiceProfile', metadata, spec: { dstOverrides } }],
    BACKENDS,
  );
};

it.each([
  { weights: { shop: '95', 'shop-canary': '5' }, want: { shop: 0.95, 'shop-canary': 0.05 } },
  { weights: { shop: '100', 'shop-canary': '0' }, want: { shop: 1 } },
  { weights: { shop: '9725', 'shop-canary': '275' }, want: { shop: 0.9725, 'shop-canary': 0.0275 } },
  { weights: { shop: '0', 'shop-canary': '10000' }, want: { 'shop-canary': 1 } },
  { weights: { shop: '0', dead: '100' }, want: { '503': 1 } },
  { weights: { 'shop-canary': '0' }, want: { 'shop-canary': 1 } },
  { weights: { shop: '50', dead: '50' }, want: { shop: 1 } },
  { weights: {}, want: { shop: 1 } },
])('overrides $weights send $want', ({ weights, want }) => {
  const found = shares(tableOf(weights), request('/', { host: HOST }));
  expect(Object.keys(found).sort()).toEqual(Object.keys(want).sort());
  for (const [key, value] of Object.entries(want)) expect(found[key]).toBeCloseTo(value, 1);
});

it('knows Services only', () => {
  expect(shares(tableOf({ shop: '1', 'shop-canary': '1' }))).toEqual({
    '404': expect.closeTo(1) as number,
  });
});
