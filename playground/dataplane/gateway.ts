import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '../../api/kube.ts';
import { ApiClient, Mirror, pathOf } from './api-client.ts';
import type { ApiAccess } from './api-client.ts';
import { Backends } from './backends.ts';
import { Forwarder, fail } from './forward.ts';
import type { Answer } from './forward.ts';
import { GatewayMetrics } from './gateway-metrics.ts';
import { HttpRouteTable } from './httproute-routing.ts';
import { acceptedBy, parentsOf } from './httproute-status.ts';
import { IngressTable } from './ingress-routing.ts';
import type { Random } from './random.ts';
import type { Routed, RoutedRequest } from './routing.ts';

export interface GatewayOptions {
  access: ApiAccess;
  random: Random;
  /** time between a change in the API and requests following it */
  propagationMs: number;
}

export interface GatewayPorts {
  /** traffic routed by HTTPRoutes */
  routes: number;
  /** traffic routed by Ingresses */
  ingress: number;
  /** /metrics */
  metrics: number;
}

const HTTP_ROUTES = 'gateway.networking.k8s.io/v1';

/** The data plane: routes every request at random by the live objects, as Ingress-NGINX and a Gateway would. */
export class Gateway {
  private readonly options: GatewayOptions;
  private readonly client: ApiClient;
  private readonly metrics = new GatewayMetrics();
  private readonly forwarder: Forwarder;
  private readonly mirrors: Record<'services' | 'slices' | 'ingresses' | 'routes' | 'gateways', Mirror>;
  private readonly servers: http.Server[] = [];
  private ingresses = new IngressTable([], new Backends([], []));
  private routes = new HttpRouteTable([], new Backends([], []));
  private pending = false;
  private writing = false;
  private statusStale = false;

  constructor(options: GatewayOptions) {
    this.options = options;
    this.client = new ApiClient(options.access);
    this.forwarder = new Forwarder(options.random);
    const mirror = (apiVersion: string, plural: string): Mirror =>
      new Mirror({ client: this.client, path: pathOf(apiVersion, plural), onChange: () => this.changed() });
    this.mirrors = {
      services: mirror('v1', 'services'),
      slices: mirror('discovery.k8s.io/v1', 'endpointslices'),
      ingresses: mirror('networking.k8s.io/v1', 'ingresses'),
      routes: mirror(HTTP_ROUTES, 'httproutes'),
      gateways: mirror(HTTP_ROUTES, 'gateways'),
    };
  }

  /** Listens on three free loopback ports. */
  async listen(): Promise<GatewayPorts> {
    return {
      routes: await this.serve((request, response) => void this.viaRoutes(request, response)),
      ingress: await this.serve((request, response) => void this.viaIngress(request, response)),
      metrics: await this.serve((_, response) => void this.sendMetrics(response)),
    };
  }

  close(): void {
    for (const mirror of Object.values(this.mirrors)) mirror.stop();
    for (const server of this.servers) {
      server.close();
      server.closeAllConnections();
    }
    this.forwarder.close();
  }

  private async viaIngress(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const started = performance.now();
    const routed = this.ingresses.route(describe(request), this.options.random);
    const answer = await this.answer(routed, request, response);
    if (routed.labels === undefined) return;
    this.metrics.ingress(routed.labels, served(request, answer, started));
  }

  private async viaRoutes(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const started = performance.now();
    const routed = this.routes.route(describe(request), this.options.random);
    const answer = await this.answer(routed, request, response);
    if (routed.labels === undefined) return;
    this.metrics.route(routed.labels, served(request, answer, started));
  }

  private async answer(
    routed: Routed<unknown>,
    request: http.IncomingMessage,
    response: http.ServerResponse,
  ): Promise<Answer> {
    if ('to' in routed) return await this.forwarder.forward({ request, response, endpoints: routed.to });
    request.resume();
    return fail(response, routed.status, routed.why);
  }

  private async sendMetrics(response: http.ServerResponse): Promise<void> {
    response.writeHead(200, { 'content-type': this.metrics.registry.contentType });
    response.end(await this.metrics.registry.metrics());
  }

  /** The control plane answers at once, the data plane follows after the propagation time. */
  private changed(): void {
    void this.writeStatus();
    if (this.pending) return;
    this.pending = true;
    setTimeout(() => {
      this.pending = false;
      this.rebuild();
    }, this.options.propagationMs);
  }

  private rebuild(): void {
    const backends = this.backends();
    const gateways = this.mirrors.gateways.all();
    this.ingresses = new IngressTable(this.mirrors.ingresses.all(), backends);
    const accepted = this.mirrors.routes.all().filter((route) => acceptedBy(route, gateways));
    this.routes = new HttpRouteTable(accepted, backends);
  }

  private backends(): Backends {
    return new Backends(this.mirrors.services.all(), this.mirrors.slices.all());
  }

  /** One writer at a time; a lost write is repeated by the next change or after half a second. */
  private async writeStatus(): Promise<void> {
    this.statusStale = true;
    if (this.writing) return;
    this.writing = true;
    try {
      while (this.isStale()) {
        this.statusStale = false;
        for (const route of this.mirrors.routes.all()) await this.writeStatusOf(route);
      }
    } catch {
      setTimeout(() => void this.writeStatus(), 500);
    } finally {
      this.writing = false;
    }
  }

  private isStale(): boolean {
    return this.statusStale;
  }

  private async writeStatusOf(route: KubeObject): Promise<void> {
    const gateways = this.mirrors.gateways.all();
    const parents = parentsOf({ route, gateways, backends: this.backends(), now: rfc3339() });
    if (parents === undefined) return;
    const { namespace, name } = route.metadata;
    const path = `${pathOf(HTTP_ROUTES, 'httproutes', namespace, name)}/status`;
    this.mirrors.routes.remember(await this.client.patch(path, 'merge', { status: { parents } }));
  }

  private async serve(handler: http.RequestListener): Promise<number> {
    const server = http.createServer(handler);
    server.keepAliveTimeout = 120_000;
    this.servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return (server.address() as AddressInfo).port;
  }
}

function describe(request: http.IncomingMessage): RoutedRequest {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const host = (request.headers.host ?? '').toLowerCase().replace(/:\d+$/, '');
  const { method = 'GET', headers } = request;
  return { method, host, path: url.pathname, query: url.searchParams, headers };
}

function served(
  request: http.IncomingMessage,
  answer: Answer,
  startedMs: number,
): Answer & { method: string; duration: number } {
  return { ...answer, method: request.method ?? 'GET', duration: (performance.now() - startedMs) / 1000 };
}

function rfc3339(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
