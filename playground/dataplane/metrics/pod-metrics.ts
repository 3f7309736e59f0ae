import { Histogram, Registry } from 'prom-client';

/** From OpenTelemetry's semantic conventions, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const LABELS = [
  'http_request_method',
  'http_response_status_code',
  'network_protocol_version',
  'url_scheme',
] as const;

/** What an application with OpenTelemetry counts, as its exporter for Prometheus writes it. */
export class PodMetrics {
  private readonly registry = new Registry();
  private readonly durations = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Duration of HTTP server requests.',
    labelNames: LABELS,
    buckets: BUCKETS,
    registers: [this.registry],
  });

  answered(method: string, status: number, seconds: number): void {
    const labels = {
      http_request_method: method,
      http_response_status_code: status,
      network_protocol_version: '1.1',
      url_scheme: 'http',
    };
    this.durations.observe(labels, seconds);
  }

  /** The metrics in the text format. */
  async text(): Promise<{ type: string; body: string }> {
    return { type: this.registry.contentType, body: await this.registry.metrics() };
  }
}
