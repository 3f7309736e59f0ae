import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { istio } from '../../providers/istio/istio.ts';
import { OFF } from '../../providers/provider.ts';
import type { Split, TrafficContext, Wants } from '../../providers/provider.ts';
import { backends } from '../support/dataplane-objects.ts';
import { VirtualServiceTable } from '../../playground/dataplane/routing/virtualservice-routing.ts';
import { ObjectWorld } from '../support/apply-writes.ts';
import { destination, httpTo, virtualService } from '../support/istio.ts';
import { aTrafficContext } from '../support/traffic.ts';

/** The provider's writes, tested with requests through a data plane that knows nothing about the provider. */

const SERVICES = backends({ web: ['10.0.0.1'], 'web-canary': ['10.0.0.2'], api: ['10.0.0.3'] });
const WANTS: Wants = {
  total: 10_000,
  mirror: 25,
  match: {
    headers: [{ name: 'X-Group', value: 'beta' }],
    cookies: [{ name: 'group', value: 'beta' }],
  },
  sticky: { cookie: 'stay', maxAgeMs: 60_000 },
};

interface Client {
  path?: string;
  query?: URLSearchParams;
  headers?: Record<string, string>;
}

class Mesh {
  readonly #world: ObjectWorld;
  readonly #host: string;
  #originals: TrafficContext['originals'];

  constructor(host: string, objects: KubeObject[]) {
    this.#world = new ObjectWorld(objects);
    this.#host = host;
  }

  to(split: Split): void {
    const context = (): TrafficContext => {
      const all = this.#world.list('VirtualService');
      const isOurs = ({ metadata }: KubeObject) => metadata.labels?.['sluice.dev/target'] === 'web';
      const routes = all.filter(
        (object) => !isOurs(object) && (this.#originals !== undefined || istio.names(object, 'web')),
      );
      return aTrafficContext(routes, {
        wants: WANTS,
        originals: this.#originals,
        others: all,
        made: all.filter(isOurs),
      });
    };
    expect(istio.refuse(context())).toEqual([]);
    this.#originals = istio.record(context());
    for (const write of istio.plan(context(), split)) this.#world.apply(write);
    expect(istio.plan(context(), split)).toEqual([]);
  }

  /** Where one request goes; `draw` is the random number. */
  ask({ path = '/', query = new URLSearchParams(), headers = {} }: Client, draw = 0.5) {
    const table = new VirtualServiceTable(this.#world.list('VirtualService'), SERVICES);
    const request = { method: 'GET', host: this.#host, path, query, headers };
    const routed = table.route(request, () => draw);
    if (!('to' in routed)) throw new Error(routed.why);
    const cookies = (routed.edits?.response ?? []).flatMap(({ add }) => add['Set-Cookie'] ?? []);
    const copies = (routed.copies ?? []).map(({ labels }) => labels.service);
    return { service: routed.labels.service, cookies, copies };
  }
}

const edge = () =>
  new Mesh('shop.example.com', [
    virtualService('shop', [
      httpTo('/api', [destination('api')]),
      { match: [{ uri: { prefix: '/inner' } }], delegate: { name: 'inner' } },
      httpTo('/', [destination('web')], { timeout: '3s' }),
    ]),
    { ...virtualService('inner', []), spec: { http: [httpTo('/inner/web', [destination('web')])] } },
  ]);
const own = () => new Mesh('web.shop.svc.cluster.local', []);
const beta = { headers: { 'x-group': 'beta' } };

test.each([
  ['in VirtualServices of the user', edge],
  ['in one of our own', own],
])('requests that match, and clients that came once, go to the canary, %s', (_name, start) => {
  const mesh = start();
  mesh.to({ weight: 0.5, mirror: 0, matching: true });
  expect(mesh.ask({}).service).toBe('web');
  expect(mesh.ask({}, 0.9949).service).toBe('web');
  const lucky = mesh.ask({}, 0.9951);
  expect(lucky.service).toBe('web-canary');
  const [cookie = ''] = lucky.cookies[0]?.split(';') ?? [];
  for (const headers of [
    { cookie },
    { cookie: `a=b; ${cookie}; c=d` },
    beta.headers,
    { cookie: 'group=beta' },
  ]) {
    expect(mesh.ask({ headers })).toMatchObject({ service: 'web-canary', cookies: lucky.cookies });
  }
  for (const headers of [{ cookie: 'stay=web-6' }, { cookie: 'group=beta2' }, { 'x-group': 'Beta' }]) {
    expect(mesh.ask({ headers })).toMatchObject({ service: 'web', cookies: [] });
  }
  mesh.to(OFF);
  for (const headers of [{ cookie }, beta.headers, { cookie: 'group=beta' }]) {
    expect(mesh.ask({ headers }, 0.9999)).toMatchObject({ service: 'web', cookies: [] });
  }
});

test('what went elsewhere goes there still, whatever it matches', () => {
  const mesh = edge();
  mesh.to({ weight: 50, mirror: 0, matching: true });
  expect(mesh.ask({ path: '/api', ...beta }).service).toBe('api');
  expect(mesh.ask({ path: '/inner/web', ...beta }).service).toBe('web-canary');
  expect(mesh.ask({ path: '/inner/web' }, 0.2).service).toBe('web');
});

test.each([
  ['in VirtualServices of the user', edge],
  ['in one of our own', own],
])('copies are made of some requests, none of which the canary answers, %s', (_name, start) => {
  const mesh = start();
  mesh.to({ weight: 0, mirror: 25, matching: false });
  expect(mesh.ask(beta, 0.1)).toEqual({ service: 'web', cookies: [], copies: ['web-canary'] });
  expect(mesh.ask({}, 0.3)).toEqual({ service: 'web', cookies: [], copies: [] });
  mesh.to(OFF);
  expect(mesh.ask({}, 0).copies).toEqual([]);
});

test('what a match says beside headers holds for its copy: case, headers left out, gateways, and the name', () => {
  const match = [
    {
      uri: { prefix: '/cart' },
      ignoreUriCase: true,
      withoutHeaders: { 'x-bot': {} },
      queryParams: { v: { exact: '2' } },
      gateways: ['public'],
    },
  ];
  const mesh = new Mesh('shop.example.com', [
    virtualService('shop', [{ name: 'cart', match, route: [destination('web')] }]),
  ]);
  mesh.to({ weight: 0, mirror: 0, matching: true });
  const query = new URLSearchParams('v=2');
  expect(mesh.ask({ path: '/CARTS', query, ...beta }).service).toBe('web-canary');
  expect(mesh.ask({ path: '/CARTS', query }).service).toBe('web');
  const bot = { ...beta.headers, 'x-bot': 'yes' };
  expect(() => mesh.ask({ path: '/CARTS', query, headers: bot })).toThrow('no VirtualService matches');
  expect(() => mesh.ask({ path: '/CARTS', ...beta })).toThrow('no VirtualService matches');
});
