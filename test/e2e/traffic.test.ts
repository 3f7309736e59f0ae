import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { Endpoint } from '../../playground/dataplane/proxy/backends.ts';
import { Forwarder, fail } from '../../playground/dataplane/proxy/forward.ts';
import type { Forwarded } from '../../playground/dataplane/proxy/forward.ts';
import { Load, MAX_IN_FLIGHT } from '../../playground/dataplane/load/load.ts';
import { PodServer } from '../../playground/dataplane/proxy/pod-server.ts';
import { seeded } from '../../lib/random.ts';
import type { Copy } from '../../playground/dataplane/routing/routing.ts';

const endings: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function pod(errorRate = 0, version = 'v1'): Promise<{ server: PodServer; endpoint: Endpoint }> {
  const behaviour = { version, errorRate, p50Ms: 2, p99Ms: 5, startMs: 0 };
  const server = new PodServer({ pod: 'a', behaviour, random: seeded(1) });
  const endpoint = await listenSomewhere(server);
  endings.push(() => server.kill());
  return { server, endpoint };
}

/** The test chooses the port, because a PodServer has to be told where to listen. */
async function listenSomewhere(server: PodServer): Promise<Endpoint> {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const host = `127.9.${Math.floor(Math.random() * 250)}.${1 + Math.floor(Math.random() * 250)}`;
  await server.listen(host, port);
  return { host, port };
}

/** A gateway that sends every request to the present endpoints; returns its port. */
async function gateway(endpoints: () => Endpoint[], more: Partial<Forwarded> = {}): Promise<number> {
  const forwarder = new Forwarder(seeded(2));
  endings.push(() => forwarder.close());
  const { port } = await listener((request, response) => {
    const list = endpoints();
    if (list.length === 0) fail(response, 503, 'no endpoint');
    else void forwarder.forward({ request, response, endpoints: list, ...more });
  });
  return port;
}

async function listener(handler: http.RequestListener): Promise<Endpoint> {
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

const MARK = { header: { name: 'x-beta', value: 'always' }, cookie: { name: 'beta', value: 'always' } };

function load(port: number, requestsPerSecond = 400): Load {
  const started = new Load({
    port,
    host: 'shop',
    path: '/',
    requestsPerSecond,
    arrivals: 'poisson',
    mark: MARK,
    random: seeded(3),
  });
  started.start();
  endings.push(() => started.stop());
  return started;
}

const served = (running: Load, more: number): Promise<void> => {
  const goal = running.counts.total + more;
  return eventually(() => expect(running.counts.total).toBeGreaterThan(goal));
};

describe('traffic through the gateway', () => {
  it('counts injected errors by version and nothing as a client error', async () => {
    const { endpoint } = await pod(0.5);
    const running = load(await gateway(() => [endpoint]));
    await served(running, 300);
    await running.stop();
    const { total, versions, clientErrors } = running.snapshot();
    expect(versions['v1']?.total).toBe(total);
    expect((versions['v1']?.injected ?? 0) / total).toBeCloseTo(0.5, 0);
    expect(clientErrors).toBe(0);
  });

  it('waits for so many answers at most, and goes on with each that comes', async () => {
    const waiting: http.ServerResponse[] = [];
    let answers = false;
    const { port } = await listener((_, response) => {
      if (answers) response.end();
      else waiting.push(response);
    });
    const running = load(port, 5_000);
    await eventually(() => expect(waiting.length).toBeGreaterThanOrEqual(MAX_IN_FLIGHT));
    // Many more were due while these went there and back.
    const { endpoint } = await pod();
    for (let i = 0; i < 50; i += 1) await fetch(`http://${endpoint.host}:${endpoint.port}/`);
    expect(running.counts.total).toBe(MAX_IN_FLIGHT);
    answers = true;
    for (const response of waiting) response.end();
    await served(running, 100);
  });

  it('loses nothing when a pod leaves the list, drains and closes', async () => {
    const [leaving, staying] = [await pod(), await pod()];
    let endpoints = [leaving.endpoint, staying.endpoint];
    const running = load(await gateway(() => endpoints));
    await served(running, 100);
    endpoints = [staying.endpoint];
    await leaving.server.close();
    await served(running, 100);
    await running.stop();
    expect(running.snapshot()).toMatchObject({ clientErrors: 0, samples: [] });
  });

  it('tries another endpoint when one refuses the connection or resets a kept one', async () => {
    const [dying, staying] = [await pod(), await pod()];
    const running = load(await gateway(() => [dying.endpoint, staying.endpoint]));
    await served(running, 50);
    await dying.server.close();
    await served(running, 100);
    await running.stop();
    expect(running.snapshot()).toMatchObject({ clientErrors: 0, samples: [] });
  });

  it('copies requests with their body, once, whatever becomes of the copies', async () => {
    const [{ endpoint }, bodies] = [await pod(), [] as string[]];
    const copy = (to: Endpoint): Copy => ({ to: [to], labels: { namespace: 'shop', service: 'copy' } });
    const slow = await listener((request) => {
      void text(request).then((body) => bodies.push(body));
    });
    const dead = { host: '127.9.9.9', port: 1 };
    const answered: number[] = [];
    const port = await gateway(() => [endpoint], {
      copies: [copy(slow), copy(dead), copy(endpoint)],
      onCopy: (_, { status }) => answered.push(status),
    });
    const answer = await fetch(`http://127.0.0.1:${port}/pay`, { method: 'POST', body: 'ten' });
    expect(await answer.text()).toContain('hello from a');
    await eventually(() => expect({ bodies, answered }).toEqual({ bodies: ['ten'], answered: [200] }));
  });

  it.each([
    { why: 'nothing is behind the route', endpoints: [], want: /503 no endpoint/ },
    {
      why: 'the only pod is gone',
      endpoints: [{ host: '127.9.9.9', port: 1 }],
      want: /502 connect ECONNREFUSED/,
    },
  ])('is a client error, with a sample, when $why', async ({ endpoints, want }) => {
    const running = load(await gateway(() => endpoints));
    await served(running, 20);
    await running.stop();
    const { total, clientErrors, samples } = running.snapshot();
    expect(clientErrors).toBe(total);
    expect(samples[0]).toMatch(want);
  });

  it('comes from clients of whom a fifth carries the mark', async () => {
    const [plain, beta] = [await pod(0, 'v1'), await pod(0, 'v2')];
    const forwarder = new Forwarder(seeded(2));
    endings.push(() => forwarder.close());
    const { port } = await listener((request, response) => {
      const { 'x-beta': header, cookie } = request.headers;
      const marked = header === 'always' || cookie === 'beta=always';
      void forwarder.forward({ request, response, endpoints: [(marked ? beta : plain).endpoint] });
    });
    const running = load(port);
    await served(running, 400);
    await running.stop();
    const { total, versions } = running.snapshot();
    expect(versions['v1']).toMatchObject({ marked: 0 });
    expect(versions['v2']?.marked).toBe(versions['v2']?.total);
    expect((versions['v2']?.total ?? 0) / total).toBeCloseTo(0.2, 1);
  });

  it('stops and comes back with the rate', async () => {
    const { endpoint } = await pod();
    const running = load(await gateway(() => [endpoint]));
    await served(running, 20);
    running.setRate(0);
    const before = running.counts.total;
    await served(load(await gateway(() => [endpoint])), 20);
    expect(running.counts.total).toBe(before);
    running.setRate(400);
    await served(running, 5);
  });
});
