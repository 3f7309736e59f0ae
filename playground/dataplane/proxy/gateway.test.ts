import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { Gateway } from './gateway.ts';
import type { GatewayPorts } from './gateway.ts';
import { PodServer } from './pod-server.ts';
import { seeded } from '../../../lib/random.ts';
import {
  gateway as aGateway,
  httpRoute,
  ingress,
  service,
  slice,
} from '../../../test/support/dataplane-objects.ts';

const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0).reverse()) end();
});

/**
 * The minimum that a list/watch client needs from an API server: collections in memory, and watches that get
 * their changes.
 */
class TinyApi {
  readonly patches: { path: string; body: JsonObject }[] = [];
  private readonly collections = new Map<string, KubeObject[]>();
  private readonly watches = new Map<string, Set<http.ServerResponse>>();
  private readonly server = http.createServer((request, response) => this.answer(request, response));
  private version = 1;

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    endings.push(() => {
      this.server.close();
      this.server.closeAllConnections();
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Puts objects into a collection, replaces those of the same name, and notifies the watches. */
  put(collection: string, ...objects: KubeObject[]): void {
    for (const object of objects) {
      object.metadata.resourceVersion = String((this.version += 1));
      const others = this.collections
        .get(collection)
        ?.filter((one) => one.metadata.name !== object.metadata.name);
      this.collections.set(collection, [...(others ?? []), object]);
      for (const watch of this.watches.get(collection) ?? []) {
        watch.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
      }
    }
  }

  private answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://x');
    const collection = url.pathname.split('/').pop() ?? '';
    if (request.method === 'PATCH') return this.patch(request, response, url.pathname);
    if (url.searchParams.get('watch') === 'true') {
      response.writeHead(200);
      response.flushHeaders();
      const watches = this.watches.get(collection) ?? new Set();
      this.watches.set(collection, watches.add(response));
      return;
    }
    const items = this.collections.get(collection);
    if (items === undefined) {
      response.writeHead(404).end('404 page not found');
      return;
    }
    response.end(JSON.stringify({ metadata: { resourceVersion: String(this.version) }, items }));
  }

  private patch(request: http.IncomingMessage, response: http.ServerResponse, path: string): void {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body = JSON.parse(text) as JsonObject;
      this.patches.push({ path, body });
      const route = this.collections.get(
        path.split('/').includes('httproutes') ? 'httproutes' : 'serviceprofiles',
      )?.[0];
      response.end(JSON.stringify({ ...route, ...body }));
    });
  }
}

interface World {
  api: TinyApi;
  ports: GatewayPorts;
}

/** Stable (v1) and canary (v2) pods behind Services shop and shop-canary, and a gateway that has seen them. */
async function world(): Promise<World> {
  const api = new TinyApi();
  const server = await api.listen();
  const hosts = await Promise.all([pod('v1'), pod('v2')]);
  api.put('services', service('shop'), service('shop-canary'));
  api.put('endpointslices', slice('shop', [hosts[0]]), slice('shop-canary', [hosts[1]]));
  api.put('gateways', aGateway());
  const gateway = new Gateway({ access: { server }, random: seeded(1), propagationMs: 10 });
  endings.push(() => gateway.close());
  return { api, ports: await gateway.listen() };
}

async function pod(version: string): Promise<string> {
  const behaviour = { version, errorRate: 0, p50Ms: 0, p99Ms: 0, startMs: 0 };
  const server = new PodServer({ pod: version, behaviour, random: seeded(1) });
  const host = `127.8.${Math.floor(Math.random() * 250)}.${1 + Math.floor(Math.random() * 250)}`;
  await server.listen(host, 8080);
  endings.push(() => server.kill());
  return host;
}

interface Asked {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
}

async function fetched(port: number, more: Asked = {}): Promise<http.IncomingMessage> {
  const headers = { host: 'shop.example', ...more.headers };
  const options = { host: '127.0.0.1', port, agent: false, ...more, headers };
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) =>
    http.request(options, resolve).on('error', reject).end(),
  );
  answer.resume();
  return answer;
}

async function ask(port: number, host = 'shop.example'): Promise<string> {
  const answer = await fetched(port, { headers: { host } });
  return String(answer.headers['x-version'] ?? answer.statusCode);
}

async function metrics({ ports }: World): Promise<string[]> {
  const text = await (await fetch(`http://127.0.0.1:${ports.metrics}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) =>
      /^(istio_requests_total|nginx_ingress_controller_requests|response_total)\{/.test(line),
    );
}

/** Reporter, Service and response code of each of Istio's counters. */
async function counted(of: World): Promise<string[]> {
  const found = (await metrics(of)).map((line) => {
    const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1];
    return [label('reporter'), label('destination_service_name'), label('response_code')].join(' ');
  });
  return found.sort();
}

const refs = (stable: number, canary: number): JsonObject[] => [
  {
    backendRefs: [
      { name: 'shop', port: 80, weight: stable },
      { name: 'shop-canary', port: 80, weight: canary },
    ],
  },
];
const answers = (port: number, want: string, host?: string): Promise<void> =>
  eventually(async () => expect(await ask(port, host)).toBe(want));

describe('the gateway', () => {
  it('serves no page elsewhere that somebody’s browser shows, and its metrics under no other name', async () => {
    const { ports } = await world();
    const status = async (port: number, headers: Record<string, string>, path = '/') =>
      (await fetched(port, { headers, path })).statusCode;
    for (const headers of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
      for (const port of Object.values<number>({ ...ports })) expect(await status(port, headers)).toBe(403);
    expect(await status(ports.metrics, { host: 'evil.example' }, '/targets')).toBe(403);
    expect(await status(ports.metrics, { host: `127.0.0.1:${ports.metrics}` }, '/targets')).toBe(200);
  });

  it('follows an HTTPRoute, counts as Istio does and confirms the generation', async () => {
    const it = await world();
    it.api.put('httproutes', httpRoute(refs(1, 0)));
    await answers(it.ports.routes, 'v1');
    it.api.put('httproutes', httpRoute(refs(0, 1)));
    await answers(it.ports.routes, 'v2');
    const lines = await metrics(it);
    for (const service of ['shop', 'shop-canary']) {
      const line = lines.find((one) =>
        one.includes(`destination_service="${service}.shop.svc.cluster.local"`),
      );
      expect(line).toMatch(/^istio_requests_total\{reporter="source",.*response_code="200".*\} \d+$/);
    }
    const { path, body } = it.api.patches[0] ?? {};
    expect(path).toBe('/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/shop/status');
    expect(body).toMatchObject({
      status: { parents: [{ conditions: [{ type: 'Accepted', observedGeneration: 3 }, {}] }] },
    });
  });

  it('follows a canary Ingress and counts as ingress-nginx does', async () => {
    const it = await world();
    it.api.put('ingresses', ingress({ name: 'shop', service: 'shop' }));
    await answers(it.ports.ingress, 'v1');
    const annotations = { canary: 'true', 'canary-weight': '100' };
    it.api.put('ingresses', ingress({ name: 'canary', service: 'shop-canary', annotations }));
    await answers(it.ports.ingress, 'v2');
    const lines = await metrics(it);
    for (const canary of ['', 'shop-shop-canary-80']) {
      const line = lines.find((one) => one.includes(`canary="${canary}"`));
      expect(line).toMatch(/namespace="shop",ingress="shop",service="shop"/);
      expect(line).toMatch(/status="200",method="GET"/);
      expect(line).toMatch(/host="shop.example",path="\/"/);
      expect(line).toMatch(/controller_class="k8s.io\/ingress-nginx"/);
    }
  });

  it('gives clients of an Ingress with sessions a cookie, by which they come back to the canary', async () => {
    const it = await world();
    const annotations = { affinity: 'cookie', 'session-cookie-name': 's', 'session-cookie-max-age': '60' };
    const canary = (weight: string) =>
      ingress({
        name: 'canary',
        service: 'shop-canary',
        annotations: { canary: 'true', 'canary-weight': weight },
      });
    it.api.put('ingresses', ingress({ name: 'shop', service: 'shop', annotations }));
    it.api.put('ingresses', canary('100'));
    await answers(it.ports.ingress, 'v2');
    const [cookie] = (await fetched(it.ports.ingress)).headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^s=\d+\|[0-9a-f]+; Path=\/; Max-Age=60; HttpOnly$/);
    it.api.put('ingresses', canary('0'));
    await answers(it.ports.ingress, 'v1');
    const again = await fetched(it.ports.ingress, { headers: { cookie: cookie?.split(';')[0] ?? '' } });
    expect(again.headers['x-version']).toBe('v2');
  });

  it('follows a VirtualService and counts as Istio does', async () => {
    const it = await world();
    const virtualService = (service: string): KubeObject => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'shop', namespace: 'shop' },
      spec: {
        hosts: ['shop.example'],
        gateways: ['public'],
        http: [{ route: [{ destination: { host: service } }] }],
      },
    });
    it.api.put('virtualservices', virtualService('shop'));
    await answers(it.ports.istio, 'v1');
    it.api.put('virtualservices', virtualService('shop-canary'));
    await answers(it.ports.istio, 'v2');
    expect(await counted(it)).toEqual([
      'destination shop 200',
      'destination shop-canary 200',
      'source shop 200',
      'source shop-canary 200',
    ]);
  });

  it('sends copies that only the proxy of their pod counts, and changes headers on the way', async () => {
    const it = await world();
    const cookie = { name: 'Set-Cookie', value: 'sticky=shop-7' };
    const [rule = {}] = refs(1, 0);
    const backendRef = { name: 'shop-canary', port: 80 };
    const filters = [
      { type: 'RequestMirror', requestMirror: { backendRef } },
      { type: 'ResponseHeaderModifier', responseHeaderModifier: { add: [cookie] } },
    ];
    it.api.put('httproutes', httpRoute([{ ...rule, filters }]));
    await answers(it.ports.routes, 'v1');
    const answer = await fetched(it.ports.routes);
    expect(answer.headers['set-cookie']).toEqual([cookie.value]);
    await eventually(async () =>
      expect(await counted(it)).toEqual(
        expect.arrayContaining(['destination shop 200', 'destination shop-canary 200', 'source shop 200']),
      ),
    );
    expect(await counted(it)).not.toContain('source shop-canary 200');
  });

  it('routes gRPC calls by GRPCRoutes, answers them as gRPC does and counts their status', async () => {
    const it = await world();
    const matches = [{ method: { service: 'shop.Cart' } }];
    const rules = refs(1, 0).map((rule) => ({ ...rule, matches }));
    it.api.put('grpcroutes', { ...httpRoute(rules), kind: 'GRPCRoute' });
    const call = { method: 'POST', headers: { 'content-type': 'application/grpc' } };
    const status = async (path: string) => {
      const { statusCode, headers } = await fetched(it.ports.routes, { ...call, path });
      return [statusCode, headers['grpc-status']];
    };
    await eventually(async () => expect(await status('/shop.Cart/Pay')).toEqual([200, '0']));
    expect(await status('/shop.Shelf/List')).toEqual([200, '14']);
    const line = (await metrics(it)).find((one) => one.includes('reporter="source"'));
    expect(line).toMatch(/request_protocol="grpc",response_code="200",grpc_response_status="0"/);
    expect(it.api.patches[0]?.path).toMatch(/namespaces\/shop\/grpcroutes\/shop\/status$/);
  });

  it('follows a TrafficSplit by the profile of its apex and counts as the proxies of pods do', async () => {
    const it = await world();
    const host = 'shop.shop.svc.cluster.local';
    const profile = (...services: string[]): KubeObject => ({
      apiVersion: 'linkerd.io/v1alpha2',
      kind: 'ServiceProfile',
      metadata: { name: host, namespace: 'shop' },
      spec: {
        dstOverrides: services.map((name) => ({ authority: `${name}.shop.svc.cluster.local`, weight: '1' })),
      },
    });
    it.api.put('serviceprofiles', profile());
    it.api.put('trafficsplits', {
      apiVersion: 'split.smi-spec.io/v1alpha1',
      kind: 'TrafficSplit',
      metadata: { name: 'shop', namespace: 'shop' },
      spec: { service: 'shop', backends: [{ service: 'shop-canary', weight: 1 }] },
    });
    await answers(it.ports.linkerd, 'v1', host);
    await eventually(() => expect(it.api.patches).not.toEqual([]));
    expect(it.api.patches[0]?.body).toEqual({
      spec: { dstOverrides: [{ authority: 'shop-canary.shop.svc.cluster.local', weight: '1' }] },
    });
    it.api.put('serviceprofiles', profile('shop-canary'));
    await answers(it.ports.linkerd, 'v2', host);
    const line = (await metrics(it)).find((one) => one.includes('deployment="shop-canary"'));
    expect(line).toMatch(
      /^response_total\{direction="inbound",namespace="shop".*classification="success"\} \d+$/,
    );
  });

  it('answers 404 for what no object routes', async () => {
    const it = await world();
    expect(await ask(it.ports.routes)).toBe('404');
    expect(await ask(it.ports.ingress)).toBe('404');
    expect(await ask(it.ports.istio)).toBe('404');
    expect(await ask(it.ports.linkerd)).toBe('404');
  });
});
