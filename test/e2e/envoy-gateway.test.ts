import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import type { Wants } from '../../providers/provider.ts';
import { NOTHING_WANTED } from '../../providers/shared/wants.ts';
import { ensureEnvoy } from '../../scripts/lib/envoy-binary.ts';
import { ASK, type Arm } from '../support/envoy/backends.ts';
import { sendUntil, type Seen } from '../support/envoy/clients.ts';
import { between, by, histogramsHave, numbers, of } from '../support/envoy/compare.ts';
import type { Edge } from '../support/envoy/edge.ts';
import { Lab } from '../support/envoy/lab.ts';
import { playgroundPlane } from '../support/envoy/playground-plane.ts';
import { realPlane } from '../support/envoy/plane.ts';
import { eventually } from '../support/eventually.ts';
import { backend, grpcRoute, grpcRule, httpRoute, rule } from '../support/routes.ts';
import { percent } from '../support/traffic.ts';

/*
 * The presets for Envoy Gateway read the same numbers that back ends and clients have counted themselves:
 * from a real Envoy, configured as Envoy Gateway would for the routes that Sluice writes, and from the
 * playground, which has to pass the same tests. The Prometheus is real.
 */
const found = ensureEnvoy(() => undefined);
const binary = 'path' in found ? found.path : '';
const title = 'missing' in found ? `a real Envoy (skipped: ${found.missing})` : 'a real Envoy';

const PLANES = [
  {
    name: title,
    skip: binary === '',
    open: () => realPlane(binary),
    grpc: (arm: Arm) => arm.listenGrpc(),
  },
  { name: 'the playground', skip: false, open: playgroundPlane, grpc: (arm: Arm) => arm.listen() },
];

/** A filter without effect, which keeps the names of clusters when the rule is split. */
const KEEPS_NAMES: JsonObject[] = [
  { type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x-nobody-sends'] } },
];
const MIRROR = { weight: 0, mirror: 100, matching: false };

let lab: Lab;
let routes = 0;

interface Http {
  /** filters of the user's reference */
  filters?: JsonObject[];
  wants?: Wants;
}

/** Every test has its own route: Envoy's clusters are named after it, and so are their counters. */
function http({ filters, ...options }: Http = {}): Edge {
  const ref = backend('web', filters === undefined ? {} : { filters });
  return lab.edge(httpRoute(`web-${++routes}`, [rule(`/${routes}`, [ref])]), options);
}

/** Sends requests that use the route of this test. */
const send = (count: number, headers?: (i: number) => Record<string, string>): Promise<Seen[]> =>
  lab.send(count, { path: `/${routes}`, ...(headers && { headers }) });

describe.for(PLANES)('$name', ({ skip, open, grpc }) => {
  describe.skipIf(skip)('as Envoy Gateway has it', () => {
    beforeAll(async () => {
      lab = await Lab.open(await open());
    });
    afterAll(() => lab.close());
    beforeEach(() => lab.arms());

    test('requests, errors and shares of a split are those that the arms have counted', async () => {
      const edge = http();
      await edge.go(percent(20));
      const headers = (i: number) => ({ [ASK.status]: i % 10 === 0 ? '500' : '404', [ASK.delay]: '20' });
      let seen: Seen[] = [];
      const read = await edge.during(async () => {
        seen = await send(500, headers);
        await histogramsHave(500, `web-${routes}`, lab.prometheus.client);
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

    test('a canary that refuses connections fails every request that is meant for it', async () => {
      const edge = http();
      await edge.go(percent(30));
      await lab.canary.close();
      let seen: Seen[] = [];
      const read = await edge.during(async () => (seen = await send(200)));
      const refused = of(seen, '');
      expect(refused).toBeGreaterThan(0);
      expect(read.errors).toEqual({ canary: `${refused} of ${refused}`, stable: `0 of ${200 - refused}` });
    });

    test('the share of a canary without endpoints is answered 503 and counted nowhere', async () => {
      const edge = http();
      const { web = [] } = lab.endpoints;
      lab.endpoints = { web };
      await edge.go(percent(30));
      let seen: Seen[] = [];
      const read = await edge.during(async () => (seen = await send(200)));
      const nobody = seen.filter(({ status }) => status === 503);
      expect(nobody.length).toBeGreaterThan(0);
      expect(read.share).toEqual({ canary: 0, stable: 200 - nobody.length });
    });

    test('copies count as the canary’s requests, and as nobody else’s', async () => {
      const edge = http({ filters: KEEPS_NAMES, wants: { ...NOTHING_WANTED, mirror: 100 } });
      await edge.go(MIRROR);
      const headers = (i: number) => ({ [ASK.status]: i % 20 === 0 ? '500' : '200' });
      const read = await edge.during(async () => {
        await send(200, headers);
        await eventually(() => expect(lab.canary.total).toBe(200));
      });
      expect(lab.stable.total).toBe(200);
      expect(read.errors).toEqual({ canary: '10 of 200', stable: '10 of 200' });
    });

    test('while the split comes and goes neither arm is given the other’s requests', async () => {
      const edge = http();
      await edge.go(percent(0));
      const load = sendUntil({ port: lab.plane.port, path: `/${routes}` });
      lab.canary.always = 500;
      const startMs = await lab.prometheus.scraped();
      for (const weight of [30, 0, 50, 0, 10]) {
        const before = lab.stable.total;
        await edge.go(percent(weight));
        await eventually(() => expect(lab.stable.total).toBeGreaterThan(before + 50));
      }
      await load.stop();
      const endMs = await lab.prometheus.scraped();
      const { errors } = await edge.read({ startMs, endMs });
      if (typeof errors === 'string') throw new Error(errors);
      const [canary, stable] = [numbers(errors.canary), numbers(errors.stable)];
      expect(stable.bad).toBe(0);
      expect(stable.total).toBeLessThanOrEqual(lab.stable.total);
      expect(canary.bad).toBe(canary.total);
      expect(canary.total).toBeLessThanOrEqual(lab.canary.total);
    });

    test('while a rule is whole its cluster is stable’s, before a split and after it', async () => {
      const edge = http();
      const headers = (i: number) => ({ [ASK.status]: i % 10 === 0 ? '500' : '200' });
      await edge.start();
      expect((await edge.during(() => send(100, headers), true)).errors).toMatchObject({
        stable: '10 of 100',
      });
      await edge.go(percent(20));
      await send(20);
      await edge.go(percent(0));
      // It counts from 0 again, which shows only while the count is below the former one.
      expect((await edge.during(() => send(40, headers), true)).errors).toMatchObject({ stable: '4 of 40' });
    });

    test('requests that match are the canary’s, and leave the cluster of all others stable’s', async () => {
      const match = { headers: [{ name: 'x-group', value: 'beta' }], cookies: [] };
      const edge = http({ wants: { ...NOTHING_WANTED, match } });
      await edge.go({ weight: 0, mirror: 0, matching: true });
      const read = await edge.during(() =>
        send(200, (i) => ({
          [ASK.status]: i % 10 === 0 ? '500' : '200',
          ...(i % 4 === 0 && { 'x-group': 'beta' }),
        })),
      );
      expect([lab.canary.total, lab.stable.total]).toEqual([50, 150]);
      expect(read.errors).toEqual({ canary: lab.canary.counted(500), stable: lab.stable.counted(500) });
    });

    test('a failed call of gRPC is an error, though HTTP says 200, whoever it is that failed', async () => {
      await lab.arms(grpc);
      const edge = lab.edge(grpcRoute(`calls-${++routes}`, [grpcRule('', [backend('web')])]));
      await edge.go(percent(40));
      const statuses = ['0', '5', '13', '0', '14', '0', '3', '2'];
      const headers = (i: number) => ({ [ASK.status]: statuses[i % statuses.length] ?? '0' });
      let seen: number[] = [];
      const read = await edge.during(async () => (seen = await lab.plane.call(80, { headers })));
      expect(seen.filter((status) => status === 13)).toHaveLength(10);
      expect(read.errors).toEqual({
        canary: lab.canary.counted(2, 13, 14),
        stable: lab.stable.counted(2, 13, 14),
      });
      await lab.canary.close();
      const refused = await edge.during(async () => (seen = await lab.plane.call(40, {})));
      const failed = seen.filter((status) => status === 14).length;
      expect(failed).toBeGreaterThan(0);
      expect(refused.errors).toEqual({ canary: `${failed} of ${failed}`, stable: `0 of ${40 - failed}` });
    });
  });
});
