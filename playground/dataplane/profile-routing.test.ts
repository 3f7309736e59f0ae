import { expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { ProfileTable } from './profile-routing.ts';
import { seeded } from './random.ts';
import { backends, request } from './test-objects.ts';

const BACKENDS = backends({ shop: ['10.0.0.1'], 'shop-canary': ['10.0.0.2'], dead: [] });
const HOST = 'shop.shop.svc.cluster.local';

/** Share by service of 20 000 answers under a profile with these weights. */
function shares(weights: Record<string, string>, host = HOST): Record<string, number> {
  const profile: KubeObject = {
    apiVersion: 'linkerd.io/v1alpha2',
    kind: 'ServiceProfile',
    metadata: { name: HOST, namespace: 'shop' },
    spec: {
      dstOverrides: Object.entries(weights).map(([name, weight]) => ({
        authority: `${name}.shop.svc.cluster.local`,
        weight,
      })),
    },
  };
  const table = new ProfileTable([profile], BACKENDS);
  const random = seeded(11);
  const found: Record<string, number> = {};
  for (let i = 0; i < 20_000; i += 1) {
    const routed = table.route(request('/', { host }), random);
    const key = 'to' in routed ? routed.labels.service : String(routed.status);
    found[key] = (found[key] ?? 0) + 1 / 20_000;
  }
  return found;
}

it.each([
  { weights: { shop: '95', 'shop-canary': '5' }, want: { shop: 0.95, 'shop-canary': 0.05 } },
  { weights: { shop: '100', 'shop-canary': '0' }, want: { shop: 1 } },
  { weights: { 'shop-canary': '0' }, want: { 'shop-canary': 1 } },
  { weights: { shop: '50', dead: '50' }, want: { shop: 1 } },
  { weights: {}, want: { shop: 1 } },
])('overrides $weights send $want', ({ weights, want }) => {
  const found = shares(weights);
  expect(Object.keys(found).sort()).toEqual(Object.keys(want).sort());
  for (const [key, value] of Object.entries(want)) expect(found[key]).toBeCloseTo(value, 1);
});

it('knows Services only', () => {
  expect(shares({ shop: '1', 'shop-canary': '1' }, 'shop.example')).toEqual({
    '404': expect.closeTo(1) as number,
  });
});
