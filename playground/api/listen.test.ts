import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { listen } from './listen.ts';
import type { Listening } from './listen.ts';
import { CONFIGMAPS, configMap, TestClient } from './testing/client.ts';

let listening: Listening | undefined;

async function start(client: TestClient): Promise<Listening> {
  listening = await listen(client.server, 0);
  return listening;
}

afterEach(() => listening?.close());

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

  it('refuses a port that is taken', async () => {
    const { port } = await start(new TestClient());
    await expect(listen(new TestClient().server, port)).rejects.toThrow('EADDRINUSE');
  });
});
