import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Endpoint } from './backends.ts';
import { Forwarder } from './forward.ts';
import { seeded } from '../../../lib/random.ts';
import type { Transport } from '../routing/routing.ts';

const endings: (() => void)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
});

async function listen(handler: http.RequestListener): Promise<Endpoint> {
  const server = http.createServer(handler);
  endings.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** The answer to one request that is sent to these pods as the route says. */
async function through(transport: Transport, ...pods: http.RequestListener[]) {
  const endpoints = await Promise.all(pods.map(listen));
  const forwarder = new Forwarder(seeded(3));
  endings.push(() => forwarder.close());
  const edge = await listen((request, response) => {
    void forwarder.forward({ request, response, endpoints, transport });
  });
  const answer = await fetch(`http://127.0.0.1:${edge.port}/v1/cart?q=1`);
  return { status: answer.status, text: await answer.text() };
}

const echo: http.RequestListener = ({ url, headers }, response) =>
  void response.end(`${headers.host ?? ''}${url ?? ''}`);
const silent: http.RequestListener = () => undefined;

test('a path and a host that a route rewrites are what the pod is asked for; the query stays', async () => {
  expect(await through({ path: '/v2/cart', host: 'in.example' }, echo)).toEqual({
    status: 200,
    text: 'in.example/v2/cart?q=1',
  });
});

test.each<[string, Transport]>([
  ['all tries', { timeoutMs: 30 }],
  ['one try', { tryTimeoutMs: 30 }],
])('a pod that does not answer within the time for %s is a 504', async (_name, transport) => {
  expect(await through(transport, silent)).toMatchObject({ status: 504 });
});

test('a request that waits is sent in the end', async () => {
  expect(await through({ delayMs: 5 }, echo)).toMatchObject({ status: 200 });
});

test.each([
  [0, 503, 1],
  [1, 503, 2],
  [2, 200, 3],
])('of a backend that fails twice, %i retries make an answer of %i', async (attempts, status, tries) => {
  let asked = 0;
  const failing: http.RequestListener = (_request, response) => {
    asked += 1;
    response.writeHead(asked < 3 ? 503 : 200).end();
  };
  const retries = { attempts, on: (code: number) => code === 503 };
  expect(await through({ retries }, failing)).toMatchObject({ status });
  expect(asked).toBe(tries);
});

test('what a route does not name is not tried again', async () => {
  let asked = 0;
  const failing: http.RequestListener = (_request, response) => {
    asked += 1;
    response.writeHead(500).end();
  };
  expect(await through({ retries: { attempts: 3, on: (code) => code === 503 } }, failing)).toMatchObject({
    status: 500,
  });
  expect(asked).toBe(1);
});
