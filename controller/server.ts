import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface HealthServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Default listen address. In a pod it is the pod's address, which the kubelet and Prometheus ask (POD_IP if the
 * manifest sets it, else all interfaces of the pod). Elsewhere it is loopback, since the metrics tell the names of all
 * targets.
 */
export function ownAddress(env: Record<string, string | undefined>): string {
  return env['KUBERNETES_SERVICE_HOST'] === undefined ? '127.0.0.1' : (env['POD_IP'] ?? '');
}

export interface Where {
  /** '': all interfaces */
  address: string;
  /** 0 = any free one */
  port: number;
}

/**
 * Serves /metrics, /healthz (the process answers) and /readyz (503 while `missing()` names something, else ok and
 * `note()`).
 */
export async function serveHealth(
  where: Where,
  registry: Registry,
  missing: () => readonly string[],
  note: () => string,
): Promise<HealthServer> {
  const server = http.createServer((request, response) => {
    answer(request.url ?? '', registry, () => readiness(missing(), note())).then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: unknown) => response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where.port, where.address === '' ? undefined : where.address, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  status: number;
  type: string;
  body: string;
}

async function answer(url: string, registry: Registry, ready: () => Answer): Promise<Answer> {
  switch (url.split('?', 1)[0]) {
    case '/metrics':
      return { status: 200, type: registry.contentType, body: await registry.metrics() };
    case '/healthz':
      return text(200, 'ok');
    case '/readyz':
      return ready();
    default:
      return text(404, 'not found; this server has /metrics, /healthz and /readyz');
  }
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain', body: `${body}\n` };
}

const SHOWN = 10;

function readiness(missing: readonly string[], note: string): Answer {
  if (missing.length === 0) return text(200, `ok\n${note}`);
  const more = missing.length > SHOWN ? ` and ${missing.length - SHOWN} more` : '';
  return text(503, `not read yet: ${missing.slice(0, SHOWN).join(', ')}${more}`);
}
