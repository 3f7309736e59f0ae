import { NOTHING_WANTED } from '../../providers/shared/wants.ts';
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { followed } from '../../test/support/followed.ts';
import { aDeployment, aPod, aReplicaSet, aService, madeFor } from '../../test/support/objects.ts';
import { destination, httpTo, virtualService } from '../../test/support/istio.ts';
import { serviceProfile, trafficSplit } from '../../test/support/linkerd.ts';
import {
  backend,
  grpcRoute,
  grpcRule,
  httpRoute,
  ingress,
  ingressPath,
  rule,
} from '../../test/support/routes.ts';
import { discoverTraffic } from './discover.ts';
import type { DiscoveryInput } from './types.ts';

const labels = { app: 'web' };
const target = aDeployment('web', labels, { metadata: { annotations: { 'sluice.dev/policy': 'default' } } });
const replicaSet = aReplicaSet(target);
const route = httpRoute('shop', [rule('/', [backend('web')])]);
const mesh = virtualService('mesh', [httpTo('/', [destination('web')])]);
const main = ingress('shop', { 'shop.example.com': [ingressPath('/', 'web')] });

/** One target, its Service, an HTTPRoute and one ready pod. */
function input(change: Partial<DiscoveryInput> = {}): DiscoveryInput {
  return {
    target,
    policyProvider: 'auto',
    wants: NOTHING_WANTED,
    annotations: {},
    services: [aService('web', labels)],
    routes: [route],
    deployments: [target],
    replicaSets: [replicaSet],
    pods: [aPod(replicaSet, labels)],
    ...change,
  };
}

function refusals(change: Partial<DiscoveryInput>): { reason: string; sentence: string }[] {
  const got = discoverTraffic(input(change));
  if (got.ok) throw new Error(`accepted: ${JSON.stringify(got.traffic)}`);
  return got.refusals;
}

function traffic(change: Partial<DiscoveryInput> = {}) {
  const got = discoverTraffic(input(change));
  if (!got.ok) throw new Error(got.refusals.map(({ sentence }) => sentence).join('\n'));
  const { provider, stableService, canaryService, routes, rewrite } = got.traffic;
  const names = routes.map(({ metadata }) => metadata.name);
  return { provider, stable: stableService?.metadata.name, canary: canaryService, routes: names, rewrite };
}

const plain = {
  provider: 'gateway',
  stable: 'web',
  canary: 'web-canary',
  routes: ['shop'],
  rewrite: { app: { from: 'web', to: 'web-canary' } },
};

describe('what is found', () => {
  test('one Service and one HTTPRoute', () => {
    expect(traffic()).toEqual(plain);
  });

  test('GRPCRoutes beside HTTPRoutes, also of the same name', () => {
    const grpcRoutes = [grpcRoute('shop', [grpcRule('shop.Cart', [backend('web')])])];
    expect(traffic({ routes: grpcRoutes })).toEqual(plain);
    expect(traffic({ routes: [route, ...grpcRoutes] }).routes).toEqual(['shop', 'shop']);
  });

  test('one Service and one Ingress', () => {
    expect(traffic({ routes: [main] })).toEqual({ ...plain, provider: 'nginx' });
  });

  test('an Ingress of any class, if somebody says that it is Ingress-NGINX', () => {
    const ingresses = [{ ...main, spec: { ...main.spec, ingressClassName: 'public' } }];
    const found = { ...plain, provider: 'nginx' };
    expect(traffic({ routes: ingresses, policyProvider: 'nginx' })).toEqual(found);
    expect(traffic({ routes: ingresses, annotations: { 'sluice.dev/provider': 'nginx' } })).toEqual(found);
  });

  test('one Service and one VirtualService', () => {
    expect(traffic({ routes: [mesh] })).toEqual({
      ...plain,
      provider: 'istio',
      routes: ['mesh'],
    });
  });

  test.each(['istio', 'linkerd'] as const)(
    'a provider that needs no route, if it is named: %s',
    (provider) => {
      const found = { ...plain, provider, routes: [] };
      expect(traffic({ routes: [], policyProvider: provider })).toEqual(found);
      expect(traffic({ annotations: { 'sluice.dev/provider': provider } })).toEqual(found);
    },
  );

  test('every route that names the Service, and no other', () => {
    const more = httpRoute('more', [rule('/m', [backend('web')])]);
    const other = httpRoute('other', [rule('/o', [backend('other')])]);
    expect(traffic({ routes: [route, other, more] }).routes).toEqual(['shop', 'more']);
  });

  test('only the routes that are listed', () => {
    const more = httpRoute('more', [rule('/m', [backend('web'), backend('third')])]);
    const annotations = { 'sluice.dev/route': ' shop , shop' };
    expect(traffic({ routes: [route, more], annotations }).routes).toEqual(['shop']);
  });

  test('of several Services the one that a route names; the canary is hidden from all of them', () => {
    const wide = { app: 'web', tier: 'front' };
    const wideTarget = aDeployment('web', wide);
    const set = aReplicaSet(wideTarget);
    const services = [aService('web', labels), aService('web-metrics', { tier: 'front' })];
    expect(traffic({ target: wideTarget, services, replicaSets: [set], pods: [aPod(set, wide)] })).toEqual({
      ...plain,
      rewrite: { app: { from: 'web', to: 'web-canary' }, tier: { from: 'front', to: 'front-canary' } },
    });
  });

  test('the Service that the annotation names', () => {
    const services = [aService('web', labels), aService('web-b', labels)];
    const httpRoutes = [route, httpRoute('b', [rule('/b', [backend('web-b')])])];
    const annotations = { 'sluice.dev/service': 'web-b' };
    expect(traffic({ services, routes: httpRoutes, annotations })).toMatchObject({
      stable: 'web-b',
      routes: ['b'],
    });
  });

  test.each([
    ['the annotation', { annotations: { 'sluice.dev/provider': 'nginx' } }],
    ['the policy', { policyProvider: 'nginx' }],
    [
      'the annotation over the policy',
      { annotations: { 'sluice.dev/provider': 'nginx' }, policyProvider: 'gateway' },
    ],
  ] as const)('of several providers the one named by %s', (_name, change) => {
    expect(traffic({ routes: [route, main], ...change }).provider).toBe('nginx');
  });

  test('of several labels that would do, the one by which the fewest policies select', () => {
    const both = { app: 'web', tier: 'front' };
    const change = {
      target: aDeployment('web', both, { spec: { selector: { matchLabels: both } } }),
      services: [aService('web', both)],
    };
    const attached = [
      followed(RESOURCES.networkPolicies, 'deny', { podSelector: { matchLabels: { app: 'web' } } }),
    ];
    expect(Object.keys(traffic(change).rewrite)).toEqual(['app']);
    expect(Object.keys(traffic({ ...change, attached }).rewrite)).toEqual(['tier']);
  });

  test('what Sluice made for the target itself is not looked at', () => {
    const services = [
      aService('web', labels),
      aService('web-canary', { app: 'web-canary' }, { metadata: madeFor(target) }),
    ];
    expect(traffic({ services })).toEqual(plain);
  });

  test('pods whose ReplicaSet is not seen yet, deleted and finished pods prove nothing', () => {
    const foreign = aPod(aReplicaSet(aDeployment('old', labels)), labels);
    const finished: KubeObject = {
      ...aPod(aReplicaSet(aDeployment('old', labels)), labels),
      status: { phase: 'Failed' },
    };
    expect(traffic({ pods: [aPod(replicaSet, labels), foreign, finished] })).toEqual(plain);
  });
});

const other = aDeployment('api', labels);
const otherSet = aReplicaSet(other);
const optedIn = aDeployment('api', labels, { metadata: { annotations: { 'sluice.dev/policy': 'default' } } });

describe('what is refused, each with a remedy', () => {
  const cases: Record<string, { change: Partial<DiscoveryInput>; reason: string; words: string[] }> = {
    'no Service': {
      change: { services: [] },
      reason: 'NoService',
      words: ['Deployment web', 'create a Service'],
    },
    'no route': {
      change: { routes: [] },
      reason: 'NoRoute',
      words: ['Service web', 'create one', 'IngressRoute, ApisixRoute', 'provider "replicas"'],
    },
    'a route of another Service only': {
      change: { routes: [httpRoute('x', [rule('/', [backend('x')])])] },
      reason: 'NoRoute',
      words: ['Service web'],
    },
    'several Services with routes': {
      change: {
        services: [aService('web', labels), aService('web-b', labels)],
        routes: [route, httpRoute('b', [rule('/b', [backend('web-b')])])],
      },
      reason: 'SeveralServices',
      words: ['web, web-b', 'sluice.dev/service'],
    },
    'several providers': {
      change: { routes: [route, main] },
      reason: 'SeveralProviders',
      words: ['gateway (shop), nginx (shop)', 'sluice.dev/provider'],
    },
    'several Services and no route, for a provider that needs none': {
      change: {
        routes: [],
        services: [aService('web', labels), aService('web-b', labels)],
        policyProvider: 'linkerd',
      },
      reason: 'SeveralServices',
      words: ['web, web-b', 'sluice.dev/service'],
    },
    'listed routes that are not there, for a provider that needs none': {
      change: { policyProvider: 'istio', annotations: { 'sluice.dev/route': 'gone' } },
      reason: 'NoRoute',
      words: ['no VirtualService', 'gone', 'correct the list'],
    },
    'a VirtualService that has the host of the Service already': {
      change: {
        policyProvider: 'istio',
        routes: [virtualService('inside', [], { hosts: ['web'], gateways: [] })],
      },
      reason: 'RouteUnsupported',
      words: ['VirtualService inside', 'the host web'],
    },
    'a ServiceProfile that already sends the requests elsewhere': {
      change: {
        policyProvider: 'linkerd',
        routes: [serviceProfile('web', { 'web-v2': 1 })],
      },
      reason: 'RouteUnsupported',
      words: ['ServiceProfile web.shop', 'spec.dstOverrides'],
    },
    'a TrafficSplit of the user': {
      change: { routes: [trafficSplit('mine', 'web', { 'web-v1': 1, 'web-v2': 1 })] },
      reason: 'RouteUnsupported',
      words: ['TrafficSplit mine', 'delete it'],
    },
    'no provider at all': {
      change: { annotations: { 'sluice.dev/provider': 'haproxy' } },
      reason: 'InvalidAnnotation',
      words: ['sluice.dev/provider', '"haproxy"', 'gateway, istio'],
    },
    'a Service of another namespace': {
      change: { annotations: { 'sluice.dev/service': 'other/web' } },
      reason: 'InvalidAnnotation',
      words: ['sluice.dev/service', '"other/web"', 'bare name'],
    },
    'a Service that is not there': {
      change: { annotations: { 'sluice.dev/service': 'gone' } },
      reason: 'NoService',
      words: ['sluice.dev/service', 'gone', 'does not exist'],
    },
    'a Service of other pods': {
      change: {
        services: [aService('web', labels), aService('x', { app: 'x' })],
        annotations: { 'sluice.dev/service': 'x' },
      },
      reason: 'UnusableService',
      words: ['no ready pod of Deployment web'],
    },
    'a named Service without a ready pod': {
      change: { pods: [aPod(replicaSet, labels, false)], annotations: { 'sluice.dev/service': 'web' } },
      reason: 'UnusableService',
      words: ['no ready pod'],
    },
    'a route list with a slash': {
      change: { annotations: { 'sluice.dev/route': 'shop,other/shop' } },
      reason: 'InvalidAnnotation',
      words: ['sluice.dev/route', '"other/shop"', 'bare names'],
    },
    'an empty entry in the route list': {
      change: { annotations: { 'sluice.dev/route': 'shop,' } },
      reason: 'InvalidAnnotation',
      words: ['sluice.dev/route'],
    },
    'a listed route that is not there': {
      change: { annotations: { 'sluice.dev/route': 'shop,gone' } },
      reason: 'NoRoute',
      words: ['sluice.dev/route', 'gone', 'correct the list'],
    },
    'listed routes of which none is there': {
      change: { annotations: { 'sluice.dev/route': 'gone' } },
      reason: 'NoRoute',
      words: ['annotation sluice.dev/route', 'called gone', 'correct the list'],
    },
    'a provider that no route is of': {
      change: { annotations: { 'sluice.dev/provider': 'nginx' } },
      reason: 'NoRoute',
      words: ['annotation sluice.dev/provider', 'nginx', 'correct the annotation'],
    },
    'a third destination': {
      change: { routes: [httpRoute('shop', [rule('/', [backend('web'), backend('third')])])] },
      reason: 'ForeignDestination',
      words: ['rule 1 of HTTPRoute shop', 'Service third', 'sluice.dev/route'],
    },
    'a route that names the canary Service': {
      change: { routes: [route, httpRoute('c', [rule('/c', [backend('web-canary')])])] },
      reason: 'RouteUnsupported',
      words: ['HTTPRoute c', 'web-canary'],
    },
    'a Service shared with another target': {
      change: { deployments: [target, optedIn] },
      reason: 'SharedService',
      words: ['Service web', 'Deployment api'],
    },
    'a Service shared with pods of somebody else': {
      change: {
        deployments: [target, other],
        replicaSets: [replicaSet, otherSet],
        pods: [aPod(replicaSet, labels), aPod(otherSet, labels)],
      },
      reason: 'SharedService',
      words: ['Deployment api'],
    },
    'a Service that would select canary pods': {
      change: { services: [aService('web', labels), aService('stray', { app: 'web-canary' })] },
      reason: 'UnusableService',
      words: ['Service stray', 'canary pods'],
    },
    'a new template that the Service no longer selects': {
      change: {
        target: aDeployment('web', { app: 'web' }),
        services: [aService('web', { app: 'web', tier: 'front' })],
        pods: [aPod(replicaSet, { app: 'web', tier: 'front' })],
      },
      reason: 'UnusableService',
      words: ['tier=front', 'keep the label'],
    },
    'an ExternalName Service': {
      change: { services: [aService('web', labels, { spec: { type: 'ExternalName' } })] },
      reason: 'UnusableService',
      words: ['spec.type', 'ExternalName'],
    },
    'a canary Ingress of somebody else at the same place': {
      change: {
        routes: [
          main,
          ingress(
            'by-hand',
            { 'shop.example.com': [ingressPath('/', 'web-v2')] },
            {
              metadata: { name: 'by-hand', annotations: { 'nginx.ingress.kubernetes.io/canary': 'true' } },
            },
          ),
        ],
      },
      reason: 'RouteUnsupported',
      words: ['Ingress by-hand', 'shop.example.com/'],
    },
    'an Ingress that names the Service Sluice will make: it would have no weight': {
      change: {
        routes: [main, ingress('by-hand', { 'x.example.com': [ingressPath('/', 'web-canary')] })],
      },
      reason: 'RouteUnsupported',
      words: ['Ingress by-hand', 'web-canary'],
    },
    'an Ingress of a class that may not be Ingress-NGINX, if nobody says that it is': {
      change: {
        routes: [{ ...main, spec: { ...main.spec, ingressClassName: 'public' } }],
      },
      reason: 'RouteUnsupported',
      words: ['Ingress shop', 'class public', 'sluice.dev/provider: nginx'],
    },
    'an Ingress left out of the list that would be split all the same': {
      change: {
        routes: [main, ingress('more', { 'more.example.com': [ingressPath('/', 'web')] })],
        annotations: { 'sluice.dev/route': 'shop' },
      },
      reason: 'RouteUnsupported',
      words: ['Ingress more', 'sluice.dev/route'],
    },
  };

  test.each(Object.entries(cases))('%s', (_name, { change, reason, words }) => {
    const got = refusals(change);
    const hit = got.find((refusal) => words.every((word) => refusal.sentence.includes(word)));
    expect(hit, JSON.stringify(got)).toMatchObject({ reason });
    expect(hit?.sentence).toMatch(/; [a-z].*\.$/);
  });
});
