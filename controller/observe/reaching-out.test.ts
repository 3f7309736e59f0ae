import { expect, it } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import { RESOURCES } from '../../api/resources.ts';
import { APP, followed } from '../../test/support/followed.ts';
import { ReachingOut } from './reaching-out.ts';

it('a namespace that is not trusted cannot crowd a trusted one out, nor make a pass look at all it holds', () => {
  const reaching = new ReachingOut();
  const letting = (name: string, namespace: string, namespaceSelector: JsonObject) => {
    const spec = { podSelector: {}, ingress: [{ from: [{ namespaceSelector, podSelector: APP }] }] };
    reaching.see('ADDED', followed(RESOURCES.networkPolicies, name, spec, { namespace }));
  };
  const any = {
    matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['x'] }],
  };
  const shop = { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } };
  for (let i = 0; i < 300; i++) letting(`many-${i}`, 'stranger', i % 2 === 0 ? any : shop);
  letting('any', 'db', any);
  letting('named', 'db', shop);
  const seen = reaching.into('shop', ['db']).map(({ metadata }) => metadata.namespace);
  expect(seen.filter((namespace) => namespace === 'db')).toHaveLength(2);
  expect(seen).toHaveLength(102);
});
