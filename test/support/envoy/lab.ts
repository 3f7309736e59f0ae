import type { KubeObject } from '../../../api/kube.ts';
import type { Wants } from '../../../providers/provider.ts';
import { scrapingPrometheus, type ScrapingPrometheus } from '../scraping-prometheus.ts';
import { Arm } from './backends.ts';
import { send, type Load, type Seen } from './clients.ts';
import { Edge } from './edge.ts';
import type { Endpoints, Options } from './envoy-gateway.ts';
import type { Plane } from './plane.ts';

interface EdgeOptions extends Omit<Options, 'endpoints'> {
  wants?: Wants;
  controllerName?: string;
}

const ENVOY_GATEWAY = 'gateway.envoyproxy.io/gatewayclass-controller';

/** A data plane with a real Prometheus, and two arms behind it for each test. */
export class Lab {
  readonly plane: Plane;
  readonly prometheus: ScrapingPrometheus;
  stable = new Arm('stable');
  canary = new Arm('canary');
  /** a Service without an entry has no ready endpoint */
  endpoints: Endpoints = {};

  private constructor(plane: Plane, prometheus: ScrapingPrometheus) {
    this.plane = plane;
    this.prometheus = prometheus;
  }

  static async open(plane: Plane): Promise<Lab> {
    return new Lab(plane, await scrapingPrometheus([{ name: 'envoy', ...plane.metrics }]));
  }

  async close(): Promise<void> {
    await Promise.all([this.stable.close(), this.canary.close()]);
    await this.prometheus.close();
    await this.plane.close();
  }

  /** Starts new arms. */
  async arms(listen = (arm: Arm) => arm.listen()): Promise<void> {
    await Promise.all([this.stable.close(), this.canary.close()]);
    this.stable = new Arm('stable');
    this.canary = new Arm('canary');
    this.endpoints = { web: [await listen(this.stable)], 'web-canary': [await listen(this.canary)] };
  }

  edge(route: KubeObject, { wants, controllerName = ENVOY_GATEWAY, ...options }: EdgeOptions = {}): Edge {
    const follow = (routes: readonly KubeObject[]) =>
      this.plane.follow(routes, { endpoints: this.endpoints, ...options });
    return new Edge({ prometheus: this.prometheus, controllerName, follow }, route, wants);
  }

  send(count: number, load: Omit<Load, 'port'> = {}): Promise<Seen[]> {
    return send(count, { port: this.plane.port, ...load });
  }
}
