import http from 'node:http';
import type { Behaviour } from '../routing/behaviour.ts';
import { lognormal } from '../load/random.ts';
import type { Random } from '../../../lib/random.ts';
import { PodMetrics } from '../metrics/pod-metrics.ts';
import { isGrpc } from '../routing/routing.ts';

/** Paths that answer 200 once the pod has started, 503 before; everything else is the "application". */
const HEALTH_PATHS = new Set(['/healthz', '/readyz', '/livez']);

const METRICS_PATH = '/metrics';

const GRPC_INTERNAL = 13;

export interface PodServerOptions {
  pod: string;
  behaviour: Behaviour;
  random: Random;
}

/** One run of one container: an HTTP server that `close` or `kill` ends for good. */
export class PodServer {
  private readonly server: http.Server;
  private readonly options: PodServerOptions;
  private readonly metrics = new PodMetrics();
  private startedAtMs = 0;
  private closing = false;

  constructor(options: PodServerOptions) {
    this.options = options;
    this.server = http.createServer((request, response) => this.answer(request, response));
    // Longer than any client of the playground keeps an idle connection: the client closes first, so no
    // request uses a connection that is being closed here.
    this.server.keepAliveTimeout = 120_000;
  }

  /** Rejects with the error of listen(2), e.g. EADDRINUSE or EADDRNOTAVAIL. */
  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port, exclusive: true }, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    this.startedAtMs = performance.now();
  }

  /** Finishes running requests, tells every connection to close, then resolves. */
  async close(): Promise<void> {
    this.closing = true;
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeIdleConnections();
    });
  }

  /** Like a crash or SIGKILL: resets every connection. */
  kill(): void {
    this.closing = true;
    this.server.close();
    this.server.closeAllConnections();
  }

  private answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    request.resume();
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    response.setHeader('x-pod', this.options.pod);
    response.setHeader('x-version', this.options.behaviour.version);
    if (HEALTH_PATHS.has(path)) {
      this.hurry(response);
      response.writeHead(this.started() ? 200 : 503).end();
      return;
    }
    if (path === METRICS_PATH) return void this.sendMetrics(response);
    const { behaviour, random } = this.options;
    const startedMs = performance.now();
    response.on('finish', () => this.count(request, response, startedMs));
    setTimeout(() => this.finish(request, response), lognormal(random, behaviour.p50Ms, behaviour.p99Ms));
  }

  private async sendMetrics(response: http.ServerResponse): Promise<void> {
    this.hurry(response);
    const { type, body } = await this.metrics.text();
    response.writeHead(200, { 'content-type': type }).end(body);
  }

  /** An application would count gRPC calls under another name. */
  private count(request: http.IncomingMessage, response: http.ServerResponse, startedMs: number): void {
    if (isGrpc(request.headers)) return;
    const seconds = (performance.now() - startedMs) / 1000;
    this.metrics.answered(request.method ?? 'GET', response.statusCode, seconds);
  }

  private finish(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { behaviour, random, pod } = this.options;
    this.hurry(response);
    const fails = random() < behaviour.errorRate;
    if (fails) response.setHeader('x-injected-error', 'true');
    if (isGrpc(request.headers)) {
      // an answer without messages: its status may be in the headers, so it needs no trailer
      response.writeHead(200, {
        'content-type': 'application/grpc',
        'grpc-status': fails ? GRPC_INTERNAL : 0,
      });
      response.end();
      return;
    }
    response.writeHead(fails ? 500 : 200, { 'content-type': 'text/plain' });
    response.end(fails ? 'injected error\n' : `hello from ${pod}, version ${behaviour.version}\n`);
  }

  /** During `close`, an answer ends its connection: a kept connection would keep the server open. */
  private hurry(response: http.ServerResponse): void {
    if (this.closing) response.setHeader('connection', 'close');
  }

  private started(): boolean {
    return performance.now() - this.startedAtMs >= this.options.behaviour.startMs;
  }
}
