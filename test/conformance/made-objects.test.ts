import { NOTHING_WANTED } from '../../providers/shared/wants.ts';
import { expect, test } from 'vitest';
import { getObject } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { Write } from '../../api/writes.ts';
import {
  canaryDeployment,
  canaryService,
  rewriteOf,
  templatesEqual,
  undoRewrite,
} from '../../release/canary/index.ts';
import { discoverTraffic } from '../../release/preflight/index.ts';
import { PROVIDERS } from '../../providers/index.ts';
import { OFF, shows } from '../../providers/provider.ts';
import type { Provider, Split, TrafficContext, Wants } from '../../providers/provider.ts';
import { LADDERS, type Ladder } from '../../providers/conformance/ladders.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { foreignCrd } from '../support/kinds/index.ts';
import { destination, httpTo, virtualService } from '../support/istio.ts';
import {
  backend,
  grpcRoute,
  grpcRule,
  httpRoute,
  ingress,
  ingressPath,
  pathMatch,
  rule,
} from '../support/routes.ts';
import { aDeployment, aPod, aReplicaSet, aService } from '../support/objects.ts';
import { aTrafficContext, percent } from '../support/traffic.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** An API server fills in defaults, drops unknown fields and refuses what is wrong. */

const bare = (object: KubeObject): KubeObject => {
  const { name, namespace, labels, annotations } = object.metadata;
  return JSON.parse(
    JSON.stringify({ ...object, metadata: { name, namespace, labels, annotations } }),
  ) as KubeObject;
};

async function apiWith(...objects: KubeObject[]): Promise<TestApi> {
  const api = await startApi(new VirtualClock(), 'shop');
  const kinds = ['HTTPRoute', 'GRPCRoute', 'VirtualService', 'TrafficSplit'] as const;
  for (const kind of kinds) await api.client.create(foreignCrd(kind));
  for (const object of objects) await api.client.create(bare(object));
  return api;
}

const inShop = async (api: TestApi, resource: (typeof RESOURCES)[keyof typeof RESOURCES]) =>
  (await api.client.listAll(resource, { namespace: 'shop' })).items;

const labels = { app: 'web', tier: 'front' };

test('the canary’s objects are accepted, and the defaults that are filled in do not make it another version', async () => {
  const term = { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'web' } } };
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  const template = {
    metadata: { labels, annotations: { note: 'kept' } },
    spec: { affinity, containers: [{ name: 'app', image: 'app:2', ports: [{ containerPort: 8080 }] }] },
  };
  const given = aDeployment('web', labels, { spec: { paused: true, template } });
  const type = { type: 'NodePort', sessionAffinity: 'ClientIP' };
  const api = await apiWith(given, aService('web', { app: 'web' }, { spec: type }));
  const [target] = await inShop(api, RESOURCES.deployments);
  const [stableService] = await inShop(api, RESOURCES.services);
  const input = { target: target!, release: 'web-2', rewrite: { app: { from: 'web', to: 'web-canary' } } };

  const canary = await api.client.create(canaryDeployment({ ...input, replicas: 1 }));
  const service = await api.client.create(canaryService({ ...input, stableService: stableService! }));

  const undone = undoRewrite(getObject(canary, 'spec', 'template')!, rewriteOf(canary)!);
  expect(templatesEqual(undone, getObject(target, 'spec', 'template')!)).toBe(true);
  expect(service.spec).toMatchObject({
    type: 'ClusterIP',
    selector: { app: 'web-canary' },
    sessionAffinity: 'ClientIP',
  });
  expect(service.spec?.['clusterIP']).not.toBe(stableService?.spec?.['clusterIP']);
});

test('objects as a list gives them are enough to find the traffic', async () => {
  const target = aDeployment('web', labels);
  const api = await apiWith(
    target,
    aService('web', { app: 'web' }),
    httpRoute('shop', [rule('/', [backend('web')])]),
  );
  const [live] = await inShop(api, RESOURCES.deployments);
  const replicaSet = aReplicaSet(live!);
  const got = discoverTraffic({
    target: live!,
    wants: NOTHING_WANTED,
    policyProvider: 'auto',
    annotations: {},
    services: await inShop(api, RESOURCES.services),
    routes: await inShop(api, RESOURCES.httpRoutes),
    deployments: [live!],
    replicaSets: [replicaSet],
    pods: [aPod(replicaSet, labels)],
  });
  expect(got).toMatchObject({ ok: true, traffic: { provider: 'gateway', canaryService: 'web-canary' } });
});

test.each<[string, Provider, KubeObject?]>([
  [
    'a VirtualService',
    PROVIDERS.istio,
    virtualService(
      'shop',
      [
        httpTo('/', [destination('web')], { retries: { attempts: 2 }, mirror: { host: 'audit' } }),
        httpTo('/b', [{ destination: { host: 'web', subset: 'v1', port: { number: 80 } }, weight: 30 }]),
      ],
      { tcp: [{ match: [{ port: 5432 }], route: [destination('web')] }] },
    ),
  ],
  ['a Service without a VirtualService', PROVIDERS.istio],
  ['a Service without a TrafficSplit', PROVIDERS.linkerd],
  [
    'an HTTPRoute',
    PROVIDERS.gateway,
    httpRoute('shop', [
      rule('/', [backend('web')]),
      rule('/api', [backend('api'), backend('other', { weight: 3 })]),
      { backendRefs: [backend('web', { weight: 7 }), backend('web', { port: 81 })] },
      {
        matches: [pathMatch('/b')],
        name: 'b',
        timeouts: { request: '3s' },
        backendRefs: [backend('web', { weight: 100 })],
      },
    ]),
  ],
  [
    'an Ingress',
    PROVIDERS.nginx,
    ingress('shop', {
      'a.example.com': [ingressPath('/', 'web'), ingressPath('/api', 'api')],
      '': [ingressPath('/', 'web')],
    }),
  ],
])('%s is split and comes back as it was on an API server', async (_name, provider, route) => {
  const api = await apiWith(...(route === undefined ? [] : [route]));
  const spec = async () =>
    (await inShop(api, provider.routeResources[0]!)).find(({ metadata }) => metadata.name === 'shop')?.spec;
  const before = JSON.stringify(await spec());
  const owner = (await api.client.create(bare(aDeployment('web', labels)))).metadata.uid ?? '';
  let originals: TrafficContext['originals'];
  const context = async (): Promise<TrafficContext> => {
    const objects = await inShop(api, provider.routeResources[0]!);
    const isOurs = (object: KubeObject) => object.metadata.labels?.['sluice.dev/target'] === 'web';
    const routes = objects.filter((object) => !isOurs(object));
    const base = aTrafficContext(routes, { made: objects.filter(isOurs), originals });
    return { ...base, owner: { ...base.owner, uid: owner } };
  };

  for (const weight of [5, 50, 0]) {
    originals = provider.record(await context());
    for (const write of provider.plan(await context(), percent(weight))) await api.client.execute(write);
    expect(provider.plan(await context(), percent(weight))).toEqual([]);
    expect(provider.observe(await context()).weight).toBe(weight);
  }
  for (const write of provider.cleanup(await context())) await api.client.execute(write);
  expect(provider.cleanup(await context())).toEqual([]);
  expect(JSON.stringify(await spec())).toBe(before);
  expect(await inShop(api, provider.routeResources[0]!)).toHaveLength(route === undefined ? 0 : 1);
});

test.each<[string, Wants, Split]>([
  ['fractions of a percent', { total: 10_000 }, percent(12.34)],
  ['the switch', { total: 100 }, percent(100)],
  [
    'a header by a regex and a cookie, at weight 0',
    {
      total: 100,
      match: {
        headers: [{ name: 'X-Version', value: 'v[0-9]+', regex: true }],
        cookies: [{ name: 'beta', value: 'always' }],
      },
    },
    { ...percent(0), matching: true },
  ],
  ['sessions', { total: 100, sticky: { cookie: 's', maxAgeMs: 60_000 } }, { ...percent(5), matching: true }],
])(
  'a canary Ingress for %s stands on an API server as it was written, and is put right',
  async (_name, wants, split) => {
    const { nginx } = PROVIDERS;
    const api = await apiWith(
      ingress('shop', {
        'a.example.com': [ingressPath('/', 'web')],
        '': [ingressPath('', 'web', { pathType: 'ImplementationSpecific' })],
      }),
    );
    const owner = (await api.client.create(bare(aDeployment('web', labels)))).metadata.uid ?? '';
    const context = async (): Promise<TrafficContext> => {
      const all = await inShop(api, RESOURCES.ingresses);
      const routes = all.filter(({ metadata }) => metadata.name === 'shop');
      const base = aTrafficContext(routes, {
        made: all.filter(({ metadata }) => metadata.name !== 'shop'),
        others: all,
        wants,
      });
      return { ...base, owner: { ...base.owner, uid: owner } };
    };
    const drive = async (to: Split) => {
      for (const write of nginx.plan(await context(), to)) await api.client.execute(write);
    };

    await drive(split);
    expect(shows(nginx.observe(await context()), split)).toBe(true);
    expect(nginx.plan(await context(), split)).toEqual([]);
    const [made] = (await context()).made;
    const ref = { resource: RESOURCES.ingresses, namespace: 'shop', name: made!.metadata.name };
    const stray = {
      'nginx.ingress.kubernetes.io/canary-by-cookie': 'stray',
      'nginx.ingress.kubernetes.io/canary-weight': '1',
    };
    await api.client.execute({
      verb: 'mergePatch',
      ref,
      patch: {
        metadata: { annotations: stray },
        spec: { defaultBackend: { service: { name: 'x', port: { number: 80 } } } },
      },
    });
    expect(shows(nginx.observe(await context()), split)).toBe(false);
    await drive(split);
    const [now] = (await context()).made;
    expect([now?.spec, now?.metadata.annotations]).toEqual([made!.spec, made!.metadata.annotations]);
    await drive(OFF);
    expect(await inShop(api, RESOURCES.ingresses)).toHaveLength(1);
  },
);

const { everything, fractions } = LADDERS;
const onSwitch: Ladder = LADDERS.switch;

test.each<[string, Provider, Ladder, KubeObject?]>([
  [
    'a VirtualService that is asked for everything',
    PROVIDERS.istio,
    everything,
    virtualService('shop', [
      httpTo('/', [destination('web')], {
        retries: { attempts: 2 },
        mirrors: [{ destination: { host: 'audit' } }],
      }),
      {
        route: [{ destination: { host: 'web', subset: 'v1', port: { number: 80 } }, weight: 30 }],
        timeout: '3s',
      },
    ]),
  ],
  [
    'an HTTPRoute that is asked for everything',
    PROVIDERS.gateway,
    everything,
    httpRoute('shop', [
      rule('/', [backend('web')], {
        name: 'root',
        filters: [
          { type: 'RequestMirror', requestMirror: { backendRef: { name: 'audit', port: 80 } } },
          {
            type: 'URLRewrite',
            urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/v2' } },
          },
        ],
        timeouts: { request: '3s' },
      }),
      rule('/api', [backend('api')]),
      {
        filters: [],
        backendRefs: [
          backend('web', {
            weight: 7,
            filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['Server'] } }],
          }),
          backend('web', { port: 81 }),
        ],
      },
    ]),
  ],
  [
    'a GRPCRoute that is asked for copies and the switch',
    PROVIDERS.gateway,
    LADDERS.mirrorAll,
    grpcRoute('shop', [grpcRule('shop.Cart', [backend('web')], { name: 'cart' })]),
  ],
  [
    'a GRPCRoute that is asked for headers',
    PROVIDERS.gateway,
    LADDERS.headers,
    grpcRoute('shop', [
      grpcRule('shop.Cart', [backend('web')], { name: 'cart' }),
      grpcRule('', [backend('web', { weight: 3 })], { filters: [] }),
    ]),
  ],
  ['a VirtualService of our own that is asked for everything', PROVIDERS.istio, everything],
  [
    'the switch of a VirtualService',
    PROVIDERS.istio,
    onSwitch,
    virtualService('shop', [httpTo('/', [destination('web')])]),
  ],
  ['the switch of a TrafficSplit', PROVIDERS.linkerd, onSwitch],
  ['fractions of a TrafficSplit', PROVIDERS.linkerd, fractions],
])(
  '%s: all of it stands on an API server as it was written, which has nothing to say',
  async (_name, provider, ladder, route) => {
    const api = await apiWith(...(route === undefined ? [] : [route]));
    const resources = provider.routeResources;
    const kind = resources.find((each) => each.kind === route?.kind) ?? resources[0];
    const spec = async () => JSON.stringify((await inShop(api, kind!)).map((object) => object.spec));
    const before = await spec();
    const owner = (await api.client.create(bare(aDeployment('web', labels)))).metadata.uid ?? '';
    let originals: TrafficContext['originals'];
    const context = async (): Promise<TrafficContext> => {
      const objects = await inShop(api, kind!);
      const isOurs = ({ metadata }: KubeObject) => metadata.labels?.['sluice.dev/target'] === 'web';
      const routes = objects.filter((object) => !isOurs(object));
      const base = aTrafficContext(routes, { made: objects.filter(isOurs), originals, wants: ladder.wants });
      return { ...base, owner: { ...base.owner, uid: owner } };
    };
    const warnings: string[] = [];
    const carryOut = async (writes: readonly Write[]) => {
      for (const write of writes)
        await api.client.execute(write, { onWarning: (text) => warnings.push(text) });
    };

    expect(provider.refuse(await context())).toEqual([]);
    for (const split of ladder.splits) {
      originals = provider.record(await context());
      await carryOut(provider.plan(await context(), split));
      expect(provider.plan(await context(), split)).toEqual([]);
      expect(shows(provider.observe(await context()), split)).toBe(true);
    }
    await carryOut(provider.cleanup(await context()));
    expect(await spec()).toBe(before);
    expect(warnings).toEqual([]);
  },
);

test('a server lets the last rule of ours stand for the user’s, where it would let none stand at all', async () => {
  const api = await apiWith(httpRoute('shop', [rule('/', [backend('web')])]));
  const { wants } = LADDERS.header;
  const { gateway } = PROVIDERS;
  const context = async () => aTrafficContext(await inShop(api, RESOURCES.httpRoutes), { wants });
  const originals = gateway.record(await context());
  const known = async () => ({ ...(await context()), originals });
  const ref = { resource: RESOURCES.httpRoutes, namespace: 'shop', name: 'shop' };
  const remove = () =>
    api.client.execute({ verb: 'jsonPatch', ref, patch: [{ op: 'remove', path: '/spec/rules/0' }] });

  for (const write of gateway.plan(await known(), { ...OFF, matching: true }))
    await api.client.execute(write);
  await remove();
  await expect(remove()).rejects.toThrow('rules');
  for (const write of gateway.plan(await known(), OFF)) await api.client.execute(write);
  const [live] = await inShop(api, RESOURCES.httpRoutes);
  expect(live?.spec?.['rules']).toMatchObject([{ backendRefs: [{ name: 'web', weight: 1 }] }]);
  expect(gateway.names(live!, 'web-canary')).toBe(false);
});
