import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { Subsets } from './destination-rules.ts';
import type { RoutedRequest } from './routing.ts';
import { backends, request, shares } from '../../../test/support/dataplane-objects.ts';
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
  spec: { hosts: ['shop.example'], gateways: ['public'], http, ...spec },
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
    const inside = virtualService([{ route: [to('third')] }], { hosts: ['shop'], gateways: [] });
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

  const answered = (route: JsonObject, path = '/', more = {}) => {
    const object = virtualService([{ route: [to('shop')], ...route }]);
    return new VirtualServiceTable([object], TWO).route(request(path, more), () => 0.3);
  };

  it.each<{ match: JsonObject; path?: string; more?: Partial<RoutedRequest>; want: boolean }>([
    { match: { uri: { prefix: '/a' } }, path: '/ab', want: true },
    { match: { uri: { prefix: '/a/' } }, path: '/a', want: false },
    { match: { uri: { exact: '/A' } }, path: '/a', want: false },
    { match: { uri: { exact: '/A' }, ignoreUriCase: true }, path: '/a', want: true },
    { match: { uri: { prefix: '/A' }, ignoreUriCase: true }, path: '/ab', want: true },
    { match: { uri: { regex: '/A' }, ignoreUriCase: true }, path: '/a', want: false },
    { match: { uri: { regex: '/a' } }, path: '/ab', want: false },
    { match: { headers: { 'x-a': {} } }, more: { headers: { 'x-a': '' } }, want: true },
    { match: { headers: { 'x-a': { regex: '*' } } }, want: false },
    { match: { headers: { 'X-A': { prefix: 'b' } } }, more: { headers: { 'x-a': 'bc' } }, want: true },
    { match: { withoutHeaders: { 'x-a': {} } }, want: true },
    { match: { withoutHeaders: { 'x-a': {} } }, more: { headers: { 'x-a': 'b' } }, want: false },
    { match: { withoutHeaders: { 'x-a': { exact: 'b' } } }, more: { headers: { 'x-a': 'c' } }, want: true },
    { match: { withoutHeaders: { 'x-a': { exact: 'b' } } }, more: { headers: { 'x-a': 'b' } }, want: false },
    { match: { withoutHeaders: { 'x-a': { regex: '.*' } } }, want: false },
    {
      match: { queryParams: { v: { exact: '2' } } },
      more: { query: new URLSearchParams('v=2') },
      want: true,
    },
    { match: { queryParams: { v: {} } }, want: false },
    { match: { authority: { prefix: 'shop.' } }, want: true },
    {
      match: { authority: { exact: 'shop.example' } },
      more: { headers: { host: 'shop.example:81' } },
      want: false,
    },
    { match: { scheme: { exact: 'https' } }, want: false },
    { match: { method: { exact: 'POST' } }, want: false },
    { match: { port: 80 }, want: true },
    { match: { port: 80 }, more: { port: 8080 }, want: false },
    { match: { gateways: ['public'] }, want: true },
    { match: { gateways: ['mesh'] }, want: false },
    { match: { sourceLabels: { app: 'front' } }, want: false },
    { match: { sourceLabels: { app: 'front' }, gateways: ['public'] }, want: true },
    { match: { sourceNamespace: 'front' }, want: false },
  ])('matches $path $more by $match: $want', ({ match, path, more, want }) => {
    const routed = answered({ match: [match] }, path, more);
    expect(routed).toMatchObject(want ? { labels: { service: 'shop' } } : { status: 404 });
  });

  it('acts where its gateways are, in sidecars without any', () => {
    const [edge, mesh] = ['shop.example', 'shop.shop.svc.cluster.local'];
    const by = (gateways?: string[]) =>
      virtualService([{ route: [to('third')] }], { hosts: [edge, mesh], ...(gateways && { gateways }) });
    const found = (object: KubeObject) => [edge, mesh].map((host) => go([object], '/', { host }));
    expect(found(by(['public']))).toEqual(['third', 'shop']);
    expect(found(by([]))).toEqual([404, 'third']);
    expect(found(by(['mesh']))).toEqual([404, 'third']);
    expect(found(by(['public', 'mesh']))).toEqual(['third', 'third']);
  });

  it('is one with others of its host at a gateway, the oldest first and what takes all last; a sidecar has the oldest', () => {
    const part = (service: string, created: string, match?: JsonObject): KubeObject => {
      const http = [{ ...(match && { match: [match] }), route: [to(service)] }];
      const object = virtualService(
        http,
        { hosts: ['shop.example', 'shop'], gateways: ['public', 'mesh'] },
        service,
      );
      return { ...object, metadata: { ...object.metadata, creationTimestamp: created } };
    };
    const objects = [
      part('third', '2026-03-01T00:00:00Z', { uri: { prefix: '/a' } }),
      part('shop', '2026-02-01T00:00:00Z', { uri: { prefix: '/a/b' } }),
      part('shop-canary', '2026-01-01T00:00:00Z'),
    ];
    expect(['/a/b', '/a', '/'].map((path) => go(objects, path))).toEqual(['shop', 'third', 'shop-canary']);
    expect(go(objects, '/a', { host: 'shop.shop.svc' })).toBe('shop-canary');
  });

  it.each([
    { above: { headers: { 'x-a': { exact: 'b' } } }, own: { headers: { 'x-a': { exact: 'c' } } } },
    { above: { headers: { 'x-a': { regex: 'b' } } }, own: { headers: { 'x-a': { exact: 'b' } } } },
    { above: { uri: { prefix: '/d' }, ignoreUriCase: true }, own: { uri: { prefix: '/d' } } },
  ])('leaves a delegate’s route out whose match $own is not within $above', ({ above, own }) => {
    const part = virtualService([{ match: [own], route: [to('third')] }], {}, 'part');
    delete part.spec?.['hosts'];
    const root = virtualService([{ match: [above], delegate: { name: 'part' } }, { route: [to('shop')] }]);
    expect(go([root, part], '/d', { headers: { 'x-a': 'b' } })).toBe('shop');
    expect(go([root, part], '/d', { headers: { 'x-a': 'c' } })).toBe('shop');
  });

  it.each<{ redirect: JsonObject; want: string; code?: number }>([
    { redirect: { uri: '/new' }, want: 'http://shop.example/new?q=1' },
    {
      redirect: { authority: 'other.example', redirectCode: 308 },
      want: 'http://other.example/old?q=1',
      code: 308,
    },
    { redirect: { scheme: 'https', port: 443 }, want: 'https://shop.example/old?q=1' },
    { redirect: { port: 8443, uri: '/new?r=2' }, want: 'http://shop.example:8443/new?r=2' },
  ])('redirects by $redirect to $want', ({ redirect, want, code = 301 }) => {
    const routed = answered({ route: [], redirect }, '/old', { query: new URLSearchParams('q=1') });
    expect(routed).toMatchObject({ status: code, reply: { headers: { location: want } } });
    expect(routed.labels).toBeUndefined();
  });

  it.each<{ rewrite: JsonObject; match?: JsonObject; path: string; want: JsonObject }>([
    { rewrite: { uri: '/v2' }, match: { uri: { prefix: '/v1' } }, path: '/v1/x', want: { path: '/v2/x' } },
    { rewrite: { uri: '/' }, match: { uri: { prefix: '/v1/' } }, path: '/v1/x', want: { path: '/x' } },
    { rewrite: { uri: '/v2' }, match: { uri: { exact: '/v1' } }, path: '/v1', want: { path: '/v2' } },
    { rewrite: { uri: '/v2/' }, path: '/x', want: { path: '/v2/x' } },
    { rewrite: { authority: 'in.example' }, path: '/x', want: { host: 'in.example' } },
    {
      rewrite: { uriRegexRewrite: { match: '^/user/([^/]+)/(.*)$', rewrite: '/\\2/of/\\1' } },
      path: '/user/7/cart',
      want: { path: '/cart/of/7' },
    },
  ])('rewrites $path by $rewrite', ({ rewrite, match, path, want }) => {
    const routed = answered({ rewrite, ...(match && { match: [match] }) }, path);
    expect('to' in routed && routed.transport).toEqual(want);
  });

  it('answers by itself, delays, ends and tries again as the route says, a share of requests', () => {
    expect(answered({ route: [], directResponse: { status: 418, body: { string: 'tea' } } })).toMatchObject({
      status: 418,
      reply: { body: 'tea' },
    });
    const abort = (value?: number) => ({
      fault: { abort: { httpStatus: 555, ...(value === undefined ? {} : { percentage: { value } }) } },
    });
    expect(answered(abort(31))).toMatchObject({ status: 555, labels: { service: 'shop' } });
    for (const fault of [abort(29), abort()]) expect('to' in answered(fault)).toBe(true);
    const routed = answered({
      fault: { delay: { fixedDelay: '1.5s', percentage: { value: 100 } } },
      timeout: '1m2s',
      retries: { attempts: 3, perTryTimeout: '250ms', retryOn: 'gateway-error,429' },
    });
    if (!('to' in routed)) throw new Error(routed.why);
    const { retries, ...times } = routed.transport ?? {};
    expect(times).toEqual({ delayMs: 1500, timeoutMs: 62_000, tryTimeoutMs: 250 });
    expect(retries?.attempts).toBe(3);
    expect([200, 429, 500, 503].map((status) => retries?.on(status))).toEqual([false, true, false, true]);
  });

  it('lets pages of allowed origins in, and answers what browsers ask beforehand', () => {
    const corsPolicy = {
      allowOrigins: [{ prefix: 'https://a.' }],
      allowMethods: ['GET', 'PUT'],
      allowHeaders: ['x-a'],
      maxAge: '24h',
      allowCredentials: true,
    };
    const asking = { origin: 'https://a.example', 'access-control-request-method': 'PUT' };
    const ask = (method: string, headers: Record<string, string>) =>
      answered({ corsPolicy }, '/', { method, headers });
    expect(ask('OPTIONS', asking)).toEqual({
      status: 200,
      why: 'preflight',
      reply: {
        headers: {
          'access-control-allow-origin': 'https://a.example',
          'access-control-allow-credentials': 'true',
          'access-control-allow-methods': 'GET, PUT',
          'access-control-allow-headers': 'x-a',
          'access-control-max-age': '86400',
          vary: 'Origin',
        },
      },
    });
    expect(ask('GET', { origin: 'https://a.example' })).toMatchObject({
      edits: { response: [{ set: { 'access-control-allow-origin': 'https://a.example' } }] },
    });
    for (const method of ['OPTIONS', 'GET']) {
      expect(ask(method, { ...asking, origin: 'https://b.example' })).toMatchObject({
        edits: { response: [] },
      });
    }
  });

  it('means by a subset the pods that its DestinationRule says', () => {
    const route = [{ destination: { host: 'shop', subset: 'v1' } }];
    const rule = (host: string, labels: JsonObject): KubeObject => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'shop', namespace: 'shop' },
      spec: { host, subsets: [{ name: 'v1', labels }] },
    });
    const pod: KubeObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'shop-7c9d8-abcde', namespace: 'shop', labels: { app: 'shop', version: 'v1' } },
    };
    const ask = (rules: KubeObject[]) =>
      new VirtualServiceTable([virtualService([{ route }])], TWO, new Subsets(rules, [pod])).route(
        request(),
        () => 0,
      );
    for (const host of ['shop', 'shop.shop.svc.cluster.local'])
      expect(ask([rule(host, { version: 'v1' })])).toMatchObject({ to: [{ host: '10.0.0.1' }] });
    expect(ask([rule('shop', { version: 'v2' })])).toMatchObject({
      status: 503,
      labels: { service: 'shop' },
    });
    expect(ask([rule('other', { version: 'v1' })])).toMatchObject({ status: 503 });
  });
});
