import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';

export interface PrometheusOptions {
  binary: string;
  /** an existing directory for its configuration and data */
  directory: string;
  /** loopback port of the gateway's /metrics */
  metricsPort: number;
  /** whether the pods are scraped as well */
  pods: boolean;
  /** loopback port to listen on */
  port: number;
}

/** A Prometheus that has not answered by then never will, even on a busy machine. */
const READY_MS = 300_000;

/**
 * Writes the configuration of a real Prometheus that scrapes the gateway, and every pod if `pods` is set,
 * each second; returns its command line.
 */
export function prometheusCommand(options: PrometheusOptions): string[] {
  const config = join(options.directory, 'prometheus.yml');
  writeFileSync(config, stringify(configuration(options)));
  return [
    options.binary,
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(options.directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${options.port}`,
    '--storage.tsdb.retention.time=1d',
    '--log.level=warn',
  ];
}

function configuration({ metricsPort, pods }: PrometheusOptions): object {
  const gateway = `127.0.0.1:${metricsPort}`;
  const discovered = { url: `http://${gateway}/targets`, refresh_interval: '1s' };
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '10s' },
    scrape_configs: [
      { job_name: 'gateway', static_configs: [{ targets: [gateway] }] },
      ...(pods ? [{ job_name: 'pods', http_sd_configs: [discovered] }] : []),
    ],
  };
}

/** Resolves when it answers queries. */
export async function prometheusReady(url: string): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok === true) return;
    await sleep(50);
  }
  throw new Error(`prometheus was not ready within ${READY_MS / 1000} s`);
}

/** A loopback port that was free when it was asked for. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** A proxy for Prometheus; while `down`, it answers every request with 503. */
export class PrometheusProxy {
  down = false;
  private readonly upstream: URL;
  private readonly server: http.Server;

  constructor(upstream: string) {
    this.upstream = new URL(upstream);
    this.server = http.createServer((request, response) => this.handle(request, response));
  }

  /** Resolves to its own URL. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private handle(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (this.down) {
      request.resume();
      response.writeHead(503, { 'content-type': 'text/plain' }).end('Service Unavailable\n');
      return;
    }
    const { hostname: host, port } = this.upstream;
    const { method, url: path, headers } = request;
    const upstream = http.request({ host, port, method, path, headers });
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', (error) => {
      if (!response.headersSent) response.writeHead(502);
      response.end(`${error.message}\n`);
    });
    request.pipe(upstream);
  }
}
