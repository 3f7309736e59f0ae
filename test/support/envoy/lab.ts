import type { KubeObject } from '../../../api/kube.ts';
import type { Wants } from '../../../providers/provider.ts';
import { scrapingPrometheus, type ScrapingPrometheus } from '../scraping-prometheus.ts';
import { Arm } from './backends.ts';
import { send, type Load, type Seen } from './clients.ts';
import { Edge, type Translate } from './edge.ts';
import type { Endpoints } from './envoy-gateway.ts';
import { RealEnvoy } from './process.ts';

/** A real Envoy with a real Prometheus, and for each test two arms behind it. */
export class Lab {
  readonly envoy: RealEnvoy;
  readonly prometheus: ScrapingPrometheus;
  stable = new Arm('stable');
  canary = new Arm('canary');
  /** without an entry a Service has no ready endpoint */
  endpoints: Endpoints = {};

  private constructor(envoy: RealEnvoy, prometheus: ScrapingPrometheus) {
    this.envoy = envoy;
    this.prometheus = prometheus;
  }

  static async open(binary: string): Promise<Lab> {
    const envoy = await RealEnvoy.start(binary);
    const job = { name: 'envoy', port: envoy.statsPort, path: '/stats/prometheus' };
    return new Lab(envoy, await scrapingPrometheus([job]));
  }

  async close(): Promise<void> {
    await Promise.all([this.stable.close(), this.canary.close()]);
    await this.prometheus.close();
    await this.envoy.close();
  }

  /** New arms; with `grpc` they speak that alone. */
  async arms(protocol: 'http' | 'grpc' = 'http'): Promise<void> {
    await Promise.all([this.stable.close(), this.canary.close()]);
    this.stable = new Arm('stable');
    this.canary = new Arm('canary');
    const listen = (arm: Arm) => (protocol === 'grpc' ? arm.listenGrpc() : arm.listen());
    this.endpoints = { web: [await listen(this.stable)], 'web-canary': [await listen(this.canary)] };
  }

  edge(
    { controllerName, translate }: { controllerName: string; translate: Translate },
    route: KubeObject,
    wants?: Wants,
  ): Edge {
    const { envoy, prometheus } = this;
    return new Edge({ envoy, prometheus, controllerName, translate }, route, wants);
  }

  send(count: number, load: Omit<Load, 'port'> = {}): Promise<Seen[]> {
    return send(count, { port: this.envoy.port, ...load });
  }
}
