import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import type { PeerCertificate } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import tls from './fixtures/tls.json' with { type: 'json' };
import { connect } from './http.ts';
import type { Connection } from './http.ts';

let dir: string;
const closing: (() => void)[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-http-'));
});

afterEach(() => {
  for (const close of closing.splice(0)) close();
  rmSync(dir, { recursive: true });
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function kubeconfig(cluster: Record<string, unknown>, user: Record<string, unknown> = {}): string {
  const file = join(dir, 'kubeconfig');
  writeFileSync(
    file,
    JSON.stringify({
      'current-context': 'one',
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
      contexts: [
        { name: 'one', context: { cluster: 'c', user: 'u', namespace: 'team' } },
        { name: 'lost', context: { cluster: 'nowhere', user: 'u' } },
      ],
    }),
  );
  return file;
}

function open(cluster: Record<string, unknown>, user?: Record<string, unknown>): Connection {
  const connection = connect({ kubeconfig: kubeconfig(cluster, user), userAgent: 'sluice-test' });
  closing.push(() => connection.close());
  return connection;
}

async function listen(server: http.Server | https.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

const echo: http.RequestListener = (request, response) => {
  response.end(
    JSON.stringify({ url: request.url, port: request.socket.remotePort, headers: request.headers }),
  );
};

async function ask(
  connection: Connection,
  url = '/api',
): Promise<{ url: string; port: number; headers: Record<string, string> }> {
  const response = await connection.transport.request({ method: 'GET', url });
  return JSON.parse(await response.text()) as { url: string; port: number; headers: Record<string, string> };
}

describe('a connection', () => {
  it('keeps room for requests, however many watches are open and however many requests wait', async () => {
    let underWay = 0;
    let most = 0;
    const waiting: http.ServerResponse[] = [];
    const server = http.createServer((request, response) => {
      if (request.url === '/watch') return void response.writeHead(200).write('{}\n');
      most = Math.max(most, (underWay += 1));
      waiting.push(response);
      setImmediate(() => {
        underWay -= 1;
        waiting.shift()?.end('{}');
      });
    });
    const connection = open({ server: `http://127.0.0.1:${await listen(server)}` });
    const stop = new AbortController();
    const watches = Array.from({ length: 100 }, () =>
      connection.transport.request({ method: 'GET', url: '/watch', lasting: true, signal: stop.signal }),
    );
    await Promise.all(watches);
    await Promise.all(Array.from({ length: 200 }, () => ask(connection)));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(64);
    stop.abort();
  });

  it('goes to a plain http server, below the path of its URL', async () => {
    const port = await listen(http.createServer(echo));
    const connection = open({ server: `http://127.0.0.1:${port}/clusters/7/` }, { token: 'abc' });
    const seen = await ask(connection, '/api/v1/pods?limit=1');
    expect(seen.url).toBe('/clusters/7/api/v1/pods?limit=1');
    expect(seen.headers['authorization']).toBe('Bearer abc');
    expect(connection.namespace).toBe('team');
  });

  it('sends a user name and password', async () => {
    const port = await listen(http.createServer(echo));
    const seen = await ask(open({ server: `http://127.0.0.1:${port}` }, { username: 'ann', password: 'pw' }));
    expect(seen.headers['authorization']).toBe(`Basic ${base64('ann:pw')}`);
  });

  it('acts as another user where asked to', async () => {
    const seen: (string | undefined)[] = [];
    const server = http.createServer((request, response) => {
      seen.push(request.headers['impersonate-user']?.toString());
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => server.close());
    const file = kubeconfig({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    for (const as of [undefined, 'system:serviceaccount:a:b']) {
      const connection = connect({ kubeconfig: file, as, userAgent: 'test' });
      closing.push(() => connection.close());
      const answer = await connection.transport.request({ method: 'GET', url: '/version' });
      await answer.text();
    }
    expect(seen).toEqual([undefined, 'system:serviceaccount:a:b']);
  });

  it('keeps connections open between requests', async () => {
    const port = await listen(http.createServer(echo));
    const connection = open({ server: `http://127.0.0.1:${port}` });
    const ports = [await ask(connection), await ask(connection), await ask(connection)].map(
      (seen) => seen.port,
    );
    expect(new Set(ports).size).toBe(1);
  });

  it('reads again over a fresh connection when the server has closed the idle one', async () => {
    let requests = 0;
    const server = http.createServer((request, response) => {
      requests += 1;
      if (requests === 2) request.socket.destroy();
      else echo(request, response);
    });
    const port = await listen(server);
    const connection = open({ server: `http://127.0.0.1:${port}` });
    await ask(connection);
    await ask(connection);
    expect(requests).toBe(3);
  });

  it('never sends a write twice', async () => {
    let writes = 0;
    const server = http.createServer((request, response) => {
      if (request.method === 'GET') return echo(request, response);
      writes += 1;
      request.socket.destroy();
    });
    const port = await listen(server);
    const connection = open({ server: `http://127.0.0.1:${port}` });
    await ask(connection);
    const write = connection.transport.request({ method: 'POST', url: '/api', body: '{}' });
    await expect(write).rejects.toThrow('socket hang up');
    expect(writes).toBe(1);
  });

  it('gets its token from an exec plug-in', async () => {
    const port = await listen(http.createServer(echo));
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from-plugin' },
    };
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', `console.log(${JSON.stringify(JSON.stringify(credential))})`],
      interactiveMode: 'Never',
    };
    const seen = await ask(open({ server: `http://127.0.0.1:${port}` }, { exec }));
    expect(seen.headers['authorization']).toBe('Bearer from-plugin');
  });
});

describe('TLS', () => {
  const listener: http.RequestListener = (request, response) => {
    const peer: Partial<PeerCertificate> =
      request.socket instanceof TLSSocket ? request.socket.getPeerCertificate() : {};
    const name = peer.subject?.CN;
    response.end(JSON.stringify({ url: request.url, port: 0, headers: { client: name ?? 'nobody' } }));
  };
  const options = { ...tls.server, ca: tls.ca, requestCert: true, rejectUnauthorized: false };

  it('trusts the authority of the kubeconfig and shows the client certificate', async () => {
    const port = await listen(https.createServer(options, listener));
    const cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': base64(tls.ca) };
    const user = {
      'client-certificate-data': base64(tls.client.cert),
      'client-key-data': base64(tls.client.key),
    };
    expect((await ask(open(cluster, user))).headers['client']).toBe('client');
    expect((await ask(open(cluster))).headers['client']).toBe('nobody');
  });

  it('refuses a server whose certificate nobody it trusts has signed, unless told to skip that', async () => {
    const port = await listen(https.createServer(options, listener));
    const server = `https://127.0.0.1:${port}`;
    await expect(ask(open({ server }))).rejects.toThrow(/certificate/);
    expect((await ask(open({ server, 'insecure-skip-tls-verify': true }))).url).toBe('/api');
  });
});

describe('a kubeconfig that cannot be used', () => {
  it('is named when it does not exist', () => {
    expect(() => connect({ kubeconfig: '/nowhere/config', userAgent: 'x' })).toThrow(
      'kubeconfig /nowhere/config',
    );
  });

  it.each(['lost', 'unknown'])('is told when its context is %s, with the contexts there are', (context) => {
    const kubeconfigFile = kubeconfig({ server: 'http://127.0.0.1:1' });
    expect(() => connect({ kubeconfig: kubeconfigFile, context, userAgent: 'x' })).toThrow(
      `context "${context}" names no cluster; give --context one of: one, lost`,
    );
  });
});
