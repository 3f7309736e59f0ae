import http from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { listen } from './listen.ts';
import type { Listening } from './listen.ts';
import { CONFIGMAPS, configMap, TestClient } from '../../test/support/apiserver/client.ts';

let listening: Listening | undefined;

async function start(client: TestClient): Promise<Listening> {
  listening = await listen(client.server, 0);
  return listening;
}

afterEach(() => listening?.close());

/** Sends a request with any header, which fetch does not allow. */
function send(
  port: number,
  options: http.RequestOptions,
  body = '',
): Promise<{ code: number | undefined; body: unknown }> {
  return new Promise((resolve, reject) => {
    const whole = { host: '127.0.0.1', port, path: CONFIGMAPS, agent: false, ...options };
    const request = http.request(whole, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ code: response.statusCode, body: JSON.parse(text) as unknown }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('listen', () => {
  it('carries requests and answers over HTTP', async () => {
    const { url } = await start(new TestClient());
    const headers = { 'content-type': 'application/json' };
    const made = await fetch(url + CONFIGMAPS, {
      method: 'POST',
      headers,
      body: JSON.stringify(configMap('a', { x: 'é' })),
    });
    expect(made.status).toBe(201);
    expect(await (await fetch(`${url}${CONFIGMAPS}/a`)).json()).toMatchObject({ data: { x: 'é' } });
  });

  it('streams a watch and lets go of it when the client leaves', async () => {
    const client = new TestClient();
    const { url } = await start(client);
    const leaving = new AbortController();
    const response = await fetch(`${url}${CONFIGMAPS}?watch=true`, { signal: leaving.signal });
    const reader = response.body?.getReader();
    await client.post(CONFIGMAPS, configMap('a'));
    const first = (await reader?.read()) as { value?: Uint8Array } | undefined;
    expect(new TextDecoder().decode(first?.value)).toContain('"type":"ADDED"');
    expect(client.clock.pending).toBe(1);
    leaving.abort();
    await eventually(() => expect(client.clock.pending).toBe(0));
  });

  describe.each<{ from: string; headers: Record<string, string> }>([
    { from: 'another name of this machine (DNS rebinding)', headers: { host: 'evil.example' } },
    { from: 'a page elsewhere', headers: { origin: 'http://evil.example' } },
    { from: 'a page without an origin', headers: { origin: 'null' } },
    { from: 'a page at another port of this machine', headers: { origin: 'http://localhost:3000' } },
    { from: 'an image or a form of a page elsewhere', headers: { 'sec-fetch-site': 'cross-site' } },
  ])('what comes from $from', ({ headers }) => {
    it.each(['GET', 'POST'])('is refused (%s) and changes nothing', async (method) => {
      const client = new TestClient();
      const { port } = await start(client);
      const type = { 'content-type': 'application/json' };
      const body = method === 'POST' ? JSON.stringify(configMap('a')) : '';
      const answer = await send(port, { method, headers: { ...type, ...headers } }, body);
      expect(answer).toMatchObject({ code: 403, body: { kind: 'Status', reason: 'Forbidden' } });
      expect((await client.get(CONFIGMAPS)).body).toMatchObject({ items: [] });
    });
  });

  it.each(['127.0.0.1', 'localhost', '[::1]'])('answers as %s', async (name) => {
    const { port } = await start(new TestClient());
    const own = {
      host: `${name}:${port}`,
      origin: `http://${name}:${port}`,
      'sec-fetch-site': 'same-origin',
    };
    expect(await send(port, { headers: own })).toMatchObject({ code: 200 });
  });

  it('takes no body without a content type for JSON', async () => {
    const { port } = await start(new TestClient());
    const answer = await send(port, { method: 'POST' }, JSON.stringify(configMap('a')));
    expect(answer).toMatchObject({ code: 415, body: { reason: 'UnsupportedMediaType' } });
  });

  it.each([
    { told: 'as its length says', chunked: {} },
    { told: 'as it turns out', chunked: { 'transfer-encoding': 'chunked' } },
  ])('reads no body above 3 MiB, $told', async ({ chunked }) => {
    const { port } = await start(new TestClient());
    const headers = { 'content-type': 'application/json', ...chunked };
    const long = (bytes: number) => JSON.stringify(configMap('a', { x: 'y'.repeat(bytes) }));
    const answer = await send(port, { method: 'POST', headers }, long(3 * 1024 * 1024));
    expect(answer).toMatchObject({
      code: 413,
      body: {
        reason: 'RequestEntityTooLarge',
        message: 'Request entity too large: limit is 3145728',
      },
    });
    expect(await send(port, { method: 'POST', headers }, long(1024))).toMatchObject({ code: 201 });
  });

  it('serves nobody who does not know its secret, where it has one', async () => {
    listening = await listen(new TestClient().server, 0, 'opensesame');
    const { port, url } = listening;
    expect(url).toBe(`http://127.0.0.1:${port}/opensesame`);
    for (const path of ['/api/v1/nodes', '/opensesam/api/v1/nodes', '/opensesame'])
      expect(await send(port, { path }), path).toMatchObject({ code: 403 });
    expect(await (await fetch(`${url}/api/v1/nodes`)).json()).toMatchObject({ kind: 'NodeList' });
  });

  it('refuses a port that is taken', async () => {
    const { port } = await start(new TestClient());
    await expect(listen(new TestClient().server, port)).rejects.toThrow('EADDRINUSE');
  });
});
