import { expect, test } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { parentsOf, servedHosts } from './route-status.ts';
import { backends, gateway, httpRoute, ref } from '../../../test/support/dataplane-objects.ts';

const SHOP = backends({ shop: ['10.0.0.1'] });

function routed(listeners: JsonObject[], parent: JsonObject = {}, hostnames?: string[], namespace = 'shop') {
  const object = httpRoute([{ backendRefs: [ref('shop')] }], hostnames === undefined ? {} : { hostnames });
  const parentRefs = [{ name: 'shop', namespace: 'shop', ...parent }];
  const route: KubeObject = {
    ...object,
    metadata: { ...object.metadata, namespace },
    spec: { ...object.spec, parentRefs },
  };
  const gateways = [
    {
      ...gateway(),
      spec: { listeners: listeners.map((each) => ({ name: 'http', protocol: 'HTTP', port: 80, ...each })) },
    },
  ];
  const [status] = parentsOf({ route, gateways, backends: SHOP, now: '2026-01-01T00:00:00Z' }) ?? [];
  return {
    hosts: servedHosts(route, gateways, SHOP).map(({ hostname }) => hostname),
    accepted: status?.conditions[0]?.reason,
  };
}

test.each<{ listener: string; hostnames?: string[]; want: string[] }>([
  { listener: 'a.example', want: ['a.example'] },
  { listener: 'a.example', hostnames: ['a.example', 'b.example'], want: ['a.example'] },
  {
    listener: '*.example',
    hostnames: ['a.example', 'x.b.example', 'other'],
    want: ['a.example', 'x.b.example'],
  },
  { listener: 'a.example', hostnames: ['*.example'], want: ['a.example'] },
  { listener: '*.a.example', hostnames: ['*.example'], want: ['*.a.example'] },
  { listener: '*.example', hostnames: ['example'], want: [] },
  { listener: 'b.example', hostnames: ['a.example'], want: [] },
])('a listener of $listener serves $hostnames under $want', ({ listener, hostnames, want }) => {
  expect(routed([{ hostname: listener }], {}, hostnames)).toEqual({
    hosts: want,
    accepted: want.length > 0 ? 'Accepted' : 'NoMatchingListenerHostname',
  });
});

test.each<{ parent: JsonObject; hosts: string[]; accepted: string }>([
  { parent: {}, hosts: ['a', 'b'], accepted: 'Accepted' },
  { parent: { sectionName: 'second' }, hosts: ['b'], accepted: 'Accepted' },
  { parent: { port: 80 }, hosts: ['a'], accepted: 'Accepted' },
  { parent: { port: 81 }, hosts: [], accepted: 'NoMatchingParent' },
  { parent: { sectionName: 'third' }, hosts: [], accepted: 'NoMatchingParent' },
  { parent: { sectionName: 'raw' }, hosts: [], accepted: 'NoMatchingParent' },
])('a parent of $parent means the listeners of $hosts', ({ parent, hosts, accepted }) => {
  const listeners = [
    { hostname: 'a' },
    { name: 'second', hostname: 'b', port: 8080 },
    { name: 'raw', protocol: 'TCP', port: 9000 },
  ];
  expect(routed(listeners, parent)).toEqual({ hosts, accepted });
});

test.each<{ allowed: JsonObject; namespace: string; want: boolean }>([
  { allowed: {}, namespace: 'shop', want: true },
  { allowed: {}, namespace: 'other', want: false },
  { allowed: { namespaces: { from: 'All' } }, namespace: 'other', want: true },
  {
    allowed: {
      namespaces: { from: 'Selector', selector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } } },
    },
    namespace: 'other',
    want: true,
  },
  { allowed: { kinds: [{ kind: 'GRPCRoute' }] }, namespace: 'shop', want: false },
  { allowed: { kinds: [{ kind: 'HTTPRoute' }] }, namespace: 'shop', want: true },
])('a listener that allows $allowed takes a route of $namespace: $want', ({ allowed, namespace, want }) => {
  expect(routed([{ allowedRoutes: allowed }], {}, undefined, namespace)).toEqual({
    hosts: want ? [''] : [],
    accepted: want ? 'Accepted' : 'NotAllowedByListeners',
  });
});
