import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { RouteTable } from '../../playground/dataplane/routing/route-table.ts';
import { backends } from '../support/dataplane-objects.ts';
import { gateway } from '../../providers/gateway/gateway.ts';
import { OFF } from '../../providers/provider.ts';
import type { Split, TrafficContext, Wants } from '../../providers/provider.ts';
import { NOTHING_WANTED } from '../../providers/shared/wants.ts';
import { ObjectWorld } from '../support/apply-writes.ts';
import { backend, grpcRoute, grpcRule, httpRoute, rule } from '../support/routes.ts';
import { aTrafficContext } from '../support/traffic.ts';

/** The provider's writes, tested with requests through a data plane that knows nothing about the provider. */

const SERVICES = backends({ web: ['10.0.0.1'], 'web-canary': ['10.0.0.2'], api: ['10.0.0.3'] });
const HEADERS = [{ name: 'X-Group', value: 'beta' }];
const WANTS: Wants = {
  total: 10_000,
  mirror: 25,
  copyRules: ['long'],
  match: { headers: HEADERS, cookies: [{ name: 'group', value: 'beta' }] },
  sticky: { cookie: 'stay', maxAgeMs: 60_000 },
};
const OF_GRPC: Wants = { total: 10_000, mirror: 25, match: { headers: HEADERS, cookies: [] } };

interface Client {
  path?: string;
  headers?: Record<string, string>;
}

class Edge {
  readonly #world: ObjectWorld;
  readonly #wants: Wants;
  readonly #route: KubeObject;
  #originals: TrafficContext['originals'];

  constructor(route: KubeObject, wants: Wants) {
    this.#world = new ObjectWorld([route]);
    this.#route = route;
    this.#wants = wants;
  }

  #context(wants = this.#wants): TrafficContext {
    return aTrafficContext(this.#world.list(this.#route.kind), { wants, originals: this.#originals });
  }

  to(split: Split): void {
    expect(gateway.refuse(this.#context())).toEqual([]);
    this.#originals = gateway.record(this.#context());
    for (const write of gateway.plan(this.#context(), split)) this.#world.apply(write);
    expect(gateway.plan(this.#context(), split)).toEqual([]);
  }

  /** The end as a controller makes it that does not know what was wanted. */
  end(): void {
    for (const write of gateway.cleanup(this.#context(NOTHING_WANTED))) this.#world.apply(write);
    expect(this.#world.list(this.#route.kind)[0]?.spec).toEqual(this.#route.spec);
  }

  /** Where one request goes; `draw` is the random number. */
  ask({ path = '/', headers = {} }: Client, draw = 0.5) {
    const live = this.#world.list(this.#route.kind);
    const isGrpc = this.#route.kind === 'GRPCRoute';
    const [grpc, http] = isGrpc ? [live, []] : [[], live];
    const gateways = [
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'Gateway',
        metadata: { name: 'public', namespace: 'shop' },
      },
    ];
    const routed = new RouteTable({ http, grpc, gateways }, SERVICES).route(
      {
        method: isGrpc ? 'POST' : 'GET',
        host: 'shop.example.com',
        path,
        query: new URLSearchParams(),
        headers: isGrpc ? { 'content-type': 'application/grpc', ...headers } : headers,
      },
      () => draw,
    );
    if (!('to' in routed)) throw new Error(routed.why);
    const cookies = (routed.edits?.response ?? []).flatMap(({ add }) => add['Set-Cookie'] ?? []);
    const copies = (routed.copies ?? []).map(({ labels }) => labels.service);
    return { service: routed.labels.service, cookies, copies };
  }
}

const http = () =>
  new Edge(
    httpRoute('shop', [
      rule('/api', [backend('api')]),
      { backendRefs: [backend('web', { weight: 3 })], timeouts: { request: '3s' } },
      rule('/long/path', [backend('web')], { name: 'long' }),
    ]),
    WANTS,
  );
const grpc = () =>
  new Edge(
    grpcRoute('shop', [
      grpcRule('shop.Api', [backend('api')]),
      grpcRule('shop.Cart', [backend('web')]),
      grpcRule('shop.Stock', [backend('web', { weight: 250 })]),
    ]),
    OF_GRPC,
  );

test('requests that match, and clients that came once, go to the canary until all is off', () => {
  const edge = http();
  edge.to({ weight: 0.5, mirror: 0, matching: true });
  expect(edge.ask({}, 0.9949)).toMatchObject({ service: 'web', cookies: [] });
  const lucky = edge.ask({}, 0.9951);
  expect(lucky.service).toBe('web-canary');
  const [cookie = ''] = lucky.cookies[0]?.split(';') ?? [];
  expect(cookie).toBe('stay=web-7');
  const hits = [
    { cookie },
    { cookie: `a=b; ${cookie}; c=d` },
    { 'x-group': 'beta' },
    { cookie: 'group=beta' },
  ];
  for (const path of ['/', '/long/path/x']) {
    for (const headers of hits) {
      expect(edge.ask({ path, headers })).toMatchObject({ service: 'web-canary', cookies: lucky.cookies });
    }
    for (const headers of [{ cookie: 'stay=web-6' }, { cookie: 'group=beta2' }, { 'x-group': 'Beta' }]) {
      expect(edge.ask({ path, headers })).toMatchObject({ service: 'web', cookies: [] });
    }
  }
  for (const headers of hits) expect(edge.ask({ path: '/api', headers }).service).toBe('api');
  edge.to(OFF);
  for (const headers of hits) {
    expect(edge.ask({ headers }, 0.9999)).toEqual({ service: 'web', cookies: [], copies: [] });
  }
  edge.end();
});

test('calls of gRPC that match go to the canary, those of other services stay where they went', () => {
  const edge = grpc();
  const headers = { 'x-group': 'beta' };
  edge.to({ weight: 0, mirror: 0, matching: true });
  expect(edge.ask({ path: '/shop.Cart/Get', headers }).service).toBe('web-canary');
  expect(edge.ask({ path: '/shop.Stock/Get', headers }).service).toBe('web-canary');
  expect(edge.ask({ path: '/shop.Api/Get', headers }).service).toBe('api');
  expect(edge.ask({ path: '/shop.Cart/Get' }, 0.9999).service).toBe('web');
  edge.to({ weight: 20, mirror: 0, matching: true });
  expect(edge.ask({ path: '/shop.Stock/Get' }, 0.79).service).toBe('web');
  expect(edge.ask({ path: '/shop.Stock/Get' }, 0.81).service).toBe('web-canary');
  edge.end();
});

test.each([
  ['HTTP', http, '/'],
  ['gRPC', grpc, '/shop.Cart/Get'],
])('copies of %s are made of some requests, none of which the canary answers', (_name, start, path) => {
  const edge = start();
  edge.to({ weight: 0, mirror: 25, matching: false });
  expect(edge.ask({ path }, 0.2)).toEqual({ service: 'web', cookies: [], copies: ['web-canary'] });
  expect(edge.ask({ path }, 0.3)).toEqual({ service: 'web', cookies: [], copies: [] });
  edge.to({ weight: 100, mirror: 0, matching: false });
  expect(edge.ask({ path }, 0)).toEqual({ service: 'web-canary', cookies: [], copies: [] });
  edge.to(OFF);
  expect(edge.ask({ path }, 0)).toEqual({ service: 'web', cookies: [], copies: [] });
  edge.end();
});
