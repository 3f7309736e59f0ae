import { Counter, Histogram, type Registry } from 'prom-client';
import type { Served } from './served.ts';

/** Milliseconds, Envoy's defaults. */
const BUCKETS = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];
/** The status that Envoy answers when no pod does. */
const UNAVAILABLE = 503;
const CLUSTER = 'envoy_cluster_name';
const SERVICE = 'envoy_grpc_bridge_service';
const METHOD = 'envoy_grpc_bridge_method';

/**
 * What Envoy counts for each cluster, in the configuration of Envoy Gateway: only the series that say how
 * requests ended.
 */
export class EnvoyMetrics {
  private readonly registry: Registry;
  private readonly classes: Counter;
  private readonly codes: Counter;
  private readonly times: Histogram;
  private readonly calls = new Map<string, Counter>();

  constructor(registry: Registry) {
    this.registry = registry;
    const counter = (name: string, label: string): Counter =>
      new Counter({ name, help: name, labelNames: [CLUSTER, label], registers: [registry] });
    this.classes = counter('envoy_cluster_upstream_rq_xx', 'envoy_response_code_class');
    this.codes = counter('envoy_cluster_upstream_rq', 'envoy_response_code');
    const name = 'envoy_cluster_upstream_rq_time';
    this.times = new Histogram({
      name,
      help: name,
      labelNames: [CLUSTER],
      buckets: BUCKETS,
      registers: [registry],
    });
  }

  /** Counts a request that was sent to a cluster, whether or not a pod answered. */
  count(cluster: string, path: string, { status, own, duration, grpc }: Served): void {
    const code = own ? UNAVAILABLE : status;
    this.classes.inc({ [CLUSTER]: cluster, envoy_response_code_class: String(Math.floor(code / 100)) });
    this.codes.inc({ [CLUSTER]: cluster, envoy_response_code: String(code) });
    if (!own) this.times.observe({ [CLUSTER]: cluster }, duration * 1000);
    if (grpc === undefined) return;
    for (const what of [String(grpc), grpc === 0 ? 'success' : 'failure', 'total']) {
      this.called(cluster, path, what);
    }
  }

  /**
   * The metric's name ends with the rest of `<service>.<method>.<what>`, after the first part has become the
   * label for services and the second that for methods, whatever they are.
   */
  private called(cluster: string, path: string, what: string): void {
    const [service, method, ...rest] = [...path.slice(1).split(/[./]/), what];
    const name = ['envoy_cluster_grpc', ...rest].join('_').replaceAll(/\W/g, '_');
    const counter =
      this.calls.get(name) ??
      new Counter({ name, help: name, labelNames: [CLUSTER, SERVICE, METHOD], registers: [this.registry] });
    this.calls.set(name, counter);
    counter.inc({ [CLUSTER]: cluster, [SERVICE]: service, [METHOD]: method ?? '' });
  }
}
