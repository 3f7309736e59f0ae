import { Counter, Histogram, Registry } from 'prom-client';
import type { RouteLabels } from './httproute-routing.ts';
import type { IngressLabels } from './ingress-routing.ts';

/** One answered request. */
export interface Served {
  method: string;
  status: number;
  /** seconds */
  duration: number;
  /** the answer is the gateway's own: no endpoint, refused connection, time-out */
  own: boolean;
}

const NGINX_LABELS = [
  'status',
  'method',
  'path',
  'namespace',
  'ingress',
  'service',
  'canary',
  'host',
] as const;
const NGINX_CONST = ['controller_namespace', 'controller_class', 'controller_pod'] as const;
const NGINX_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const ISTIO_LABELS = [
  'reporter',
  'source_workload',
  'source_workload_namespace',
  'source_app',
  'destination_workload',
  'destination_workload_namespace',
  'destination_service',
  'destination_service_name',
  'destination_service_namespace',
  'request_protocol',
  'response_code',
  'response_flags',
  'connection_security_policy',
] as const;
const ISTIO_BUCKETS = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];

/** The series that ingress-nginx and Istio export, same names and labels, as far as a single gateway can know them. */
export class GatewayMetrics {
  readonly registry = new Registry();
  private readonly nginxRequests = new Counter({
    name: 'nginx_ingress_controller_requests',
    help: 'The total number of client requests',
    labelNames: [...NGINX_LABELS, ...NGINX_CONST],
    registers: [this.registry],
  });
  private readonly nginxDurations = (['request', 'response', 'header'] as const).map(
    (part) =>
      new Histogram({
        name: `nginx_ingress_controller_${part}_duration_seconds`,
        help: `Seconds of a request (${part})`,
        labelNames: [...NGINX_LABELS, ...NGINX_CONST],
        buckets: NGINX_BUCKETS,
        registers: [this.registry],
      }),
  );
  private readonly istioRequests = new Counter({
    name: 'istio_requests_total',
    help: 'Requests by source, destination and response code',
    labelNames: ISTIO_LABELS,
    registers: [this.registry],
  });
  private readonly istioDurations = new Histogram({
    name: 'istio_request_duration_milliseconds',
    help: 'Milliseconds of a request',
    labelNames: ISTIO_LABELS,
    buckets: ISTIO_BUCKETS,
    registers: [this.registry],
  });

  ingress(where: IngressLabels, served: Served): void {
    const labels = {
      ...where,
      status: String(served.status),
      method: served.method,
      controller_namespace: 'ingress-nginx',
      controller_class: 'k8s.io/ingress-nginx',
      controller_pod: 'playground-gateway',
    };
    this.nginxRequests.inc(labels);
    // an answer of nginx itself has no upstream time, so only the request histogram sees it
    for (const histogram of served.own ? this.nginxDurations.slice(0, 1) : this.nginxDurations) {
      histogram.observe(labels, served.duration);
    }
  }

  route(where: RouteLabels, served: Served): void {
    const labels = {
      reporter: 'source',
      source_workload: 'playground-gateway',
      source_workload_namespace: 'istio-system',
      source_app: 'playground-gateway',
      destination_workload: served.own ? 'unknown' : where.service,
      destination_workload_namespace: where.namespace,
      destination_service: `${where.service}.${where.namespace}.svc.cluster.local`,
      destination_service_name: where.service,
      destination_service_namespace: where.namespace,
      request_protocol: 'http',
      response_code: String(served.status),
      response_flags: served.own ? 'UH' : '-',
      connection_security_policy: 'unknown',
    };
    this.istioRequests.inc(labels);
    this.istioDurations.observe(labels, served.duration * 1000);
  }
}
