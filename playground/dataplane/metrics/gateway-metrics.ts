import { Counter, Histogram, Registry } from 'prom-client';
import { EnvoyMetrics } from './envoy-metrics.ts';
import type { Served } from './served.ts';
import type { IngressLabels } from '../routing/ingress-routing.ts';
import { fullName } from '../routing/routing.ts';
import type { ServiceLabels } from '../routing/routing.ts';

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
  'grpc_response_status',
  'response_flags',
  'connection_security_policy',
] as const;
const ISTIO_BUCKETS = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];

const LINKERD_LATENCY_LABELS = [
  'direction',
  'namespace',
  'deployment',
  'pod',
  'target_port',
  'tls',
  'route_name',
  'status_code',
] as const;
const LINKERD_BUCKETS = [1, 10, 100, 1000, 10_000].flatMap((scale) =>
  [1, 2, 3, 4, 5].map((step) => scale * step),
);
/** Unknown, DeadlineExceeded, PermissionDenied, Internal, Unavailable and DataLoss: the server is to blame. */
const LINKERD_GRPC_FAILURES = [2, 4, 7, 13, 14, 15];
/** A Deployment's name is the name of its pods without the hashes of ReplicaSet and pod. */
const deploymentOf = (pod: string): string => /^(.+)-[^-]+-[^-]+$/.exec(pod)?.[1] ?? pod;

/**
 * The series that ingress-nginx, Istio, Linkerd and Envoy export, with the same names and labels, as far as a
 * single gateway can know them.
 */
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

  private readonly linkerdResponses = new Counter({
    name: 'response_total',
    help: 'Answers by the proxies of pods',
    labelNames: [...LINKERD_LATENCY_LABELS, 'classification'],
    registers: [this.registry],
  });
  private readonly linkerdLatencies = new Histogram({
    name: 'response_latency_ms',
    help: 'Milliseconds to the first byte of an answer',
    labelNames: LINKERD_LATENCY_LABELS,
    buckets: LINKERD_BUCKETS,
    registers: [this.registry],
  });

  private readonly envoy = new EnvoyMetrics(this.registry);

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
    // an answer of nginx itself has no upstream time, so only the request histogram counts it
    for (const histogram of served.own ? this.nginxDurations.slice(0, 1) : this.nginxDurations) {
      histogram.observe(labels, served.duration);
    }
  }

  /** Counts as the route's implementation does: Envoy Gateway by clusters of Envoy, all others like Istio. */
  routed(where: ServiceLabels, path: string, served: Served): void {
    if (where.cluster === undefined) this.istio(where, served);
    else this.envoy.count(where.cluster, path, served);
  }

  /** Counts as Istio does: at the source every request, at the destination those that reached a pod. */
  istio(where: ServiceLabels, served: Served): void {
    this.reported('source', where, served);
    this.atDestination(where, served);
  }

  /**
   * Counts a copy as Istio does: the proxy that sends it reports nothing, but the proxy of the pod does.
   * Envoy counts it like any other request.
   */
  copied(where: ServiceLabels, path: string, served: Served): void {
    if (where.cluster !== undefined) this.envoy.count(where.cluster, path, served);
    else this.atDestination(where, served);
  }

  private atDestination(where: ServiceLabels, served: Served): void {
    if (!served.own && served.pod !== undefined) this.reported('destination', where, served);
  }

  private reported(reporter: 'source' | 'destination', where: ServiceLabels, served: Served): void {
    const labels = {
      reporter,
      source_workload: 'playground-gateway',
      source_workload_namespace: 'istio-system',
      source_app: 'playground-gateway',
      destination_workload: served.pod === undefined ? 'unknown' : deploymentOf(served.pod),
      destination_workload_namespace: where.namespace,
      destination_service: fullName(where),
      destination_service_name: where.service,
      destination_service_namespace: where.namespace,
      request_protocol: served.grpc === undefined ? 'http' : 'grpc',
      response_code: String(served.status),
      grpc_response_status: served.grpc === undefined ? '' : String(served.grpc),
      response_flags: served.own ? 'UH' : '-',
      connection_security_policy: 'unknown',
    };
    this.istioRequests.inc(labels);
    this.istioDurations.observe(labels, served.duration * 1000);
  }

  /** Counts as the proxy in the pod does: without requests that never reached a pod. */
  inbound({ namespace }: ServiceLabels, { own, pod, status, grpc = 0, duration }: Served): void {
    if (own || pod === undefined) return;
    const labels = {
      direction: 'inbound',
      namespace,
      deployment: deploymentOf(pod),
      pod,
      target_port: '8080',
      tls: 'true',
      route_name: 'default',
      status_code: String(status),
    };
    const failed = status >= 500 || LINKERD_GRPC_FAILURES.includes(grpc);
    const classification = failed ? 'failure' : 'success';
    this.linkerdResponses.inc({ ...labels, classification });
    this.linkerdLatencies.observe(labels, duration * 1000);
  }
}
