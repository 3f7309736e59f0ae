import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Histogram } from '../../api/analysis.ts';
import type { JsonObject } from '../../api/kube.ts';
import { ensureEnvoy } from '../../scripts/lib/envoy-binary.ts';
import { ASK } from '../support/envoy/backends.ts';
import { sendUntil, type Seen } from '../support/envoy/clients.ts';
import type { Edge, Translate } from '../support/envoy/edge.ts';
import { envoyGateway } from '../support/envoy/envoy-gateway.ts';
import { Lab } from '../support/envoy/lab.ts';
import { eventually } from '../support/eventually.ts';
import { backend, httpRoute, rule } from '../support/routes.ts';
import { percent } from '../support/traffic.ts';
import { NOTHING_WANTED } from '../../providers/wants.ts';
import type { Wants } from '../../providers/provider.ts';

/*
 * A real Envoy, configured as Envoy Gateway would for the routes that Sluice writes, with a real Prometheus beside it: what the
 * preset reads is what back ends and clients have counted themselves.
 */
const found = ensureEnvoy(() => undefined);
const binary = 'path' in found ? found.path : '';
const title = 'missing' in found ? `a real Envoy (skipped: ${found.missing})` : 'a real Envoy';

const EG = 'gateway.envoyproxy.io/gatewayclass-controller';
/** Does nothing, and so keeps the names of clusters when the rule is split. */
const KEEPS_NAMES: JsonObject[] = [
  { type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x-nobody-sends'] } },
];
const MIRROR = { weight: 0, mirror: 100, matching: false };

let lab: Lab;
let routes = 0;

const by = (arm: string) => (seen: Seen) => seen.arm === arm;
const of = (seen: readonly Seen[], arm: string): number => seen.filter(by(arm)).length;

interface Http {
  /** filters of the user's reference */
  filters?: JsonObject[];
  wants?: Wants;
  retries?: number;
}

/** A route of its own for every test: Envoy's clusters are named after it, and their counters with them. */
function http({ filters, wants = NOTHING_WANTED, ...options }: Http = {}): Edge {
  const translate: Translate = (all) => envoyGateway(all, { endpoints: lab.endpoints, ...options });
  const ref = backend('web', filters === undefined ? {} : { filters });
  return lab.edge({ controllerName: EG, translate }, httpRoute(`web-${++routes}`, [rule('/', [ref])]), wants);
}

describe.skipIf(binary === '')(title, () => {
  beforeAll(async () => {
    lab = await Lab.open(binary);
  });
  afterAll(() => lab.close());
  beforeEach(() => lab.arms());

  test('requests, errors and shares of a split are those that the arms have counted', async () => {
    const edge = http();
    await edge.go(percent(20));
    const headers = (i: number) => ({ [ASK.status]: i % 10 === 0 ? '500' : '404', [ASK.delay]: '20' });
    let seen: Seen[] = [];
    const read = await edge.during(async () => {
      seen = await lab.send(500, { headers });
      await histogramsHave(500);
    });
    const { stable, canary } = lab;
    expect(stable.total + canary.total).toBe(500);
    expect(read.errors).toEqual({ canary: canary.counted(500), stable: stable.counted(500) });
    expect(read.share).toEqual({ canary: canary.total, stable: stable.total });
    for (const arm of ['canary', 'stable'] as const) {
      const clients = seen.filter(by(arm)).map(({ seconds }) => seconds);
      if (typeof read.latency !== 'object') throw new Error(read.latency);
      between(read.latency[arm], clients, lab[arm].seconds);
    }
  });

  test('a request that Envoy tries again counts once, as it ended', async () => {
    const edge = http({ retries: 2 });
    await edge.go(percent(40));
    // of 15 requests 10 are answered at once, two of them badly, and 5 twice badly before
    const ATTEMPTS = 300 + (300 / 15) * (2 * 2 + 5 * 2);
    const headers = (i: number) => ({
      [ASK.id]: String(i),
      [ASK.first]: '503',
      [ASK.tries]: i % 3 === 0 ? '3' : '1',
      [ASK.status]: i % 5 === 0 ? '503' : '200',
    });
    let seen: Seen[] = [];
    const read = await edge.during(async () => (seen = await lab.send(300, { headers })));
    const ended = (arm: string) => seen.filter(by(arm));
    const counted = (arm: string) =>
      `${ended(arm).filter(({ status }) => status === 503).length} of ${ended(arm).length}`;
    expect(read.errors).toEqual({ canary: counted('canary'), stable: counted('stable') });
    expect(lab.stable.total + lab.canary.total).toBe(ATTEMPTS);
  });

  test('a canary that refuses connections fails every request that is meant for it', async () => {
    const edge = http();
    await edge.go(percent(30));
    await lab.canary.close();
    let seen: Seen[] = [];
    const read = await edge.during(async () => (seen = await lab.send(200)));
    const refused = seen.filter(({ status }) => status === 503).length;
    expect(refused).toBeGreaterThan(0);
    expect(read.errors).toEqual({ canary: `${refused} of ${refused}`, stable: `0 of ${200 - refused}` });
  });

  test('the share of a canary without endpoints is answered 503 and counted nowhere', async () => {
    const edge = http();
    const { web = [] } = lab.endpoints;
    lab.endpoints = { web };
    await edge.go(percent(30));
    let seen: Seen[] = [];
    const read = await edge.during(async () => (seen = await lab.send(200)));
    const nobody = seen.filter(({ status }) => status === 503);
    expect(nobody.length).toBeGreaterThan(0);
    expect(read.share).toEqual({ canary: 0, stable: 200 - nobody.length });
  });

  test('copies count as the canary’s requests, and as nobody else’s', async () => {
    const edge = http({ filters: KEEPS_NAMES, wants: { ...NOTHING_WANTED, mirror: 100 } });
    await edge.go(MIRROR);
    const headers = (i: number) => ({ [ASK.status]: i % 20 === 0 ? '500' : '200' });
    const read = await edge.during(async () => {
      await lab.send(200, { headers });
      await eventually(() => expect(lab.canary.total).toBe(200));
    });
    expect(lab.stable.total).toBe(200);
    expect(read.errors).toEqual({ canary: '10 of 200', stable: '10 of 200' });
  });

  test('while the split comes and goes neither arm is given the other’s requests', async () => {
    const edge = http();
    await edge.go(percent(0));
    const load = sendUntil({ port: lab.envoy.port, path: '/' });
    lab.canary.always = 500;
    const startMs = await lab.prometheus.scraped();
    for (const weight of [30, 0, 50, 0, 10]) {
      const before = lab.stable.total;
      await edge.go(percent(weight));
      await eventually(() => expect(lab.stable.total).toBeGreaterThan(before + 50));
    }
    const seen = await load.stop();
    const endMs = await lab.prometheus.scraped();
    expect(seen.filter(({ arm }) => arm === '')).toEqual([]);
    const { errors } = await edge.read(startMs, endMs);
    if (typeof errors === 'string') throw new Error(errors);
    const [canary, stable] = [numbers(errors.canary), numbers(errors.stable)];
    expect(stable.bad).toBe(0);
    expect(stable.total).toBeLessThanOrEqual(lab.stable.total);
    expect(canary.bad).toBe(canary.total);
    expect(canary.total).toBeLessThanOrEqual(lab.canary.total);
  });

  describe('when Envoy drops the old clusters before the routes have moved', () => {
    /** What Envoy Gateway's stream can come to; between the two steps requests come in. */
    async function split(edge: Edge): Promise<{ between: Seen[]; after: Seen[] }> {
      await edge.go(percent(0));
      const { clusters, routes } = edge.write(percent(25));
      await lab.envoy.publishClusters(clusters);
      const between = await lab.send(20);
      await lab.envoy.publishRoutes(routes);
      return { between, after: await lab.send(100) };
    }

    test('the requests in between are answered 503 and counted nowhere', async () => {
      const edge = http();
      const before = await noCluster();
      let got = { between: [] as Seen[], after: [] as Seen[] };
      const read = await edge.during(async () => (got = await split(edge)));
      expect(got.between.map(({ status, arm }) => `${status}${arm}`)).toEqual(Array(20).fill('503'));
      expect(got.after.filter(by(''))).toEqual([]);
      expect((await noCluster()) - before).toBe(20);
      expect(read.errors).toEqual({
        canary: `0 of ${of(got.after, 'canary')}`,
        stable: `0 of ${of(got.after, 'stable')}`,
      });
    });

    test('none is lost where a filter on the user’s reference keeps the cluster’s name', async () => {
      const edge = http({ filters: KEEPS_NAMES });
      const { between, after } = await split(edge);
      expect(of(between, 'stable')).toBe(20);
      expect(after.filter(by(''))).toEqual([]);
    });
  });
});

/** Requests that Envoy had no cluster for, by its own count. */
async function noCluster(): Promise<number> {
  const stats = await lab.envoy.stats('^http\\.http-10080\\.no_cluster$');
  return Number(Object.values(stats)[0] ?? 0);
}

const numbers = (text: string): { bad: number; total: number } => {
  const [bad = NaN, total = NaN] = text.split(' of ').map(Number);
  return { bad, total };
};

/** Envoy adds to histograms a moment later. */
const histogramsHave = (count: number) =>
  eventually(async () => {
    const query = 'sum(envoy_cluster_upstream_rq_time_count{envoy_cluster_name=~"httproute/.*"})';
    const answer = await lab.prometheus.client.instant(query, Date.now());
    expect(answer.ok && answer.series[0]?.samples[0]?.value).toBe(count);
  });

/** Envoy saw each request for longer than the back end, and for less time than the client. */
function between({ bounds, counts }: Histogram, clients: number[], arm: number[]): void {
  const upTo = (all: number[], seconds: number) => all.filter((each) => each <= seconds).length;
  let below = 0;
  bounds.forEach((ms, i) => {
    below += counts[i] ?? 0;
    // Envoy's histograms know two digits
    expect(below, `up to ${ms} ms`).toBeGreaterThanOrEqual(upTo(clients, (ms * 0.95 - 1) / 1000));
    expect(below, `up to ${ms} ms`).toBeLessThanOrEqual(upTo(arm, (ms * 1.05 + 1) / 1000));
  });
}
