import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import { RouteTable } from '../../playground/dataplane/routing/route-table.ts';
import { backends, request } from '../support/dataplane-objects.ts';
import { NOTHING_WANTED } from '../../providers/shared/wants.ts';
import { ensureEnvoy } from '../../scripts/lib/envoy-binary.ts';
import { ASK } from '../support/envoy/backends.ts';
import type { Seen } from '../support/envoy/clients.ts';
import { by, of } from '../support/envoy/compare.ts';
import type { Edge } from '../support/envoy/edge.ts';
import { envoyGateway } from '../support/envoy/envoy-gateway.ts';
import { Lab } from '../support/envoy/lab.ts';
import { realPlane } from '../support/envoy/plane.ts';
import type { RealEnvoy } from '../support/envoy/process.ts';
import { backend, httpRoute, rule } from '../support/routes.ts';
import { percent } from '../support/traffic.ts';

/*
 * What only a real Envoy can show: how it counts requests that it retries, and what it loses when a cluster
 * is renamed.
 */
const found = ensureEnvoy(() => undefined);
const binary = 'path' in found ? found.path : '';
const title = 'missing' in found ? `a real Envoy (skipped: ${found.missing})` : 'a real Envoy';

/** A filter without effect, which keeps the names of clusters when the rule is split. */
const KEEPS_NAMES: JsonObject[] = [
  { type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x-nobody-sends'] } },
];

/** Headers that contain the cookie group=b.1, and headers that only look like it. */
const COOKIES = [
  ...['group=b.1', 'a=1; group=b.1', 'a=1;group=b.1', 'group=b.1; b=2', 'group=b.1 ; b=2', 'group=b.1;b=2'],
  ...['group=b.1;', 'a=1;\tgroup=b.1', 'group=b.2; group=b.1'],
  ...['xgroup=b.1', 'group=b.1x', 'group=bx1', 'a=group=b.1', 'Group=b.1', 'group="b.1"', 'a=1, group=b.1'],
  ...['group =b.1', 'group= b.1', 'group', 'a=1', 'b.1'],
];
const SERVICES = backends({ web: ['10.0.0.1'], 'web-canary': ['10.0.0.2'] });
const GATEWAY = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'public', namespace: 'shop' },
};
const REQUEST = request('/', { host: 'shop.example.com' });

let envoy: RealEnvoy;
let lab: Lab;

const edgeOf = (name: string, options: Parameters<Lab['edge']>[1] = {}, filters?: JsonObject[]): Edge =>
  lab.edge(httpRoute(name, [rule('/', [backend('web', filters && { filters })])]), options);

/** Requests for which Envoy had no cluster, by its own count. */
async function noCluster(): Promise<number> {
  const stats = await envoy.stats('^http\\.http-10080\\.no_cluster$');
  return Number(Object.values(stats)[0] ?? 0);
}

describe.skipIf(binary === '')(title, () => {
  beforeAll(async () => {
    const plane = await realPlane(binary);
    envoy = plane.envoy;
    lab = await Lab.open(plane);
  });
  afterAll(() => lab.close());
  beforeEach(() => lab.arms());

  test('counts a request that it sends again once, as it ended', async () => {
    const edge = edgeOf('retried', { retries: 2 });
    await edge.go(percent(40));
    // of 15 requests, 10 end as they were first answered (two of them badly, after two more tries), and 5
    // after two bad answers
    const attempts = 300 + (300 / 15) * (2 * 2 + 5 * 2);
    const headers = (i: number) => ({
      [ASK.id]: String(i),
      [ASK.first]: '503',
      [ASK.tries]: i % 3 === 0 ? '3' : '1',
      [ASK.status]: i % 5 === 0 ? '503' : '200',
    });
    let seen: Seen[] = [];
    const read = await edge.during(async () => (seen = await lab.send(300, { headers })));
    const counted = (arm: string) => {
      const ended = seen.filter(by(arm));
      return `${ended.filter(({ status }) => status === 503).length} of ${ended.length}`;
    };
    expect(read.errors).toEqual({ canary: counted('canary'), stable: counted('stable') });
    expect(lab.stable.total + lab.canary.total).toBe(attempts);
  });

  test.each([
    [
      'io.cilium/gateway-controller',
      (service: string) => ({ name: `shop/cilium-gateway-public/shop:${service}:80` }),
    ],
    [
      'projectcontour.io/gateway-controller',
      (service: string) => ({ name: `shop/${service}/80/da39a3ee5e`, alt_stat_name: `shop_${service}_80` }),
    ],
    ['kgateway.dev/kgateway', (service: string) => ({ name: `kube_shop_${service}_80` })],
  ])('counts by Service where %s serves the route', async (controllerName, byService) => {
    const edge = lab.edge(httpRoute('by-service', [rule('/', [backend('web')])]), {
      controllerName,
      byService,
    });
    await edge.go(percent(30));
    const headers = (i: number) => ({ [ASK.status]: i % 9 === 0 ? '502' : '200' });
    const read = await edge.during(() => lab.send(150, { headers }));
    expect(lab.canary.total + lab.stable.total).toBe(150);
    expect(read.errors).toEqual({ canary: lab.canary.counted(502), stable: lab.stable.counted(502) });
    expect(read.share).toEqual({ canary: lab.canary.total, stable: lab.stable.total });
  });

  test('takes the expression for a cookie as the playground does', async () => {
    const match = { headers: [], cookies: [{ name: 'group', value: 'b.1' }] };
    const edge = edgeOf('cookies', { wants: { ...NOTHING_WANTED, match } });
    await edge.go({ weight: 0, mirror: 0, matching: true });
    const table = new RouteTable({ http: edge.routes(), grpc: [], gateways: [GATEWAY] }, SERVICES);
    const decisions = COOKIES.map((cookie) => {
      const { labels } = table.route({ ...REQUEST, headers: { cookie } }, () => 0.5);
      return `${cookie} → ${labels?.service === 'web-canary' ? 'canary' : 'stable'}`;
    });
    const real: string[] = [];
    for (const cookie of COOKIES) {
      const [seen] = await lab.send(1, { headers: () => ({ cookie }) });
      real.push(`${cookie} → ${seen?.arm ?? ''}`);
    }
    expect(real).toEqual(decisions);
    expect(real.filter((each) => each.endsWith('canary'))).toHaveLength(9);
  });

  test('keeps who has the sticky cookie with the canary, whatever the weight', async () => {
    const sticky = { cookie: 'shop-version', maxAgeMs: 60_000 };
    const edge = edgeOf('sticky', { wants: { ...NOTHING_WANTED, sticky } });
    await edge.go({ weight: 50, mirror: 0, matching: true });
    const seen = await lab.send(40);
    const [given] = seen.filter(by('canary')).flatMap(({ headers }) => headers['set-cookie'] ?? []);
    expect(seen.filter(by('stable')).flatMap(({ headers }) => headers['set-cookie'] ?? [])).toEqual([]);
    const cookie = `a=b; ${given?.split(';')[0] ?? ''}`;
    await edge.go({ weight: 1, mirror: 0, matching: true });
    const before = lab.canary.total;
    const read = await edge.during(async () => {
      await lab.send(10);
      expect(of(await lab.send(50, { headers: () => ({ cookie }) }), 'canary')).toBe(50);
    });
    expect(read.errors).toMatchObject({ canary: `0 of ${lab.canary.total - before}` });
  });

  describe('that drops the old clusters before the routes have moved', () => {
    /** The worst case of Envoy Gateway's stream: requests come between the two steps. */
    async function split(edge: Edge): Promise<{ between: Seen[]; after: Seen[] }> {
      await edge.go(percent(0));
      const { clusters, routes } = envoyGateway(edge.write(percent(25)), { endpoints: lab.endpoints });
      await envoy.publishClusters(clusters);
      const between = await lab.send(20);
      await envoy.publishRoutes(routes);
      return { between, after: await lab.send(100) };
    }

    test('answers the requests in between 503, and counts them nowhere', async () => {
      const edge = edgeOf('renamed');
      const before = await noCluster();
      let got = { between: [] as Seen[], after: [] as Seen[] };
      const read = await edge.during(async () => (got = await split(edge)));
      expect(got.between.map(({ status, arm }) => `${status}${arm}`)).toEqual(Array(20).fill('503'));
      expect(of(got.after, '')).toBe(0);
      expect((await noCluster()) - before).toBe(20);
      expect(read.errors).toEqual({
        canary: `0 of ${of(got.after, 'canary')}`,
        stable: `0 of ${of(got.after, 'stable')}`,
      });
    });

    test('loses none where a filter on the user’s reference keeps the cluster’s name', async () => {
      const { between, after } = await split(edgeOf('kept', {}, KEEPS_NAMES));
      expect(of(between, 'stable')).toBe(20);
      expect(of(after, '')).toBe(0);
    });
  });
});
