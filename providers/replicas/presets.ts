import type { Presets } from '../provider.ts';

/*
 * What the application itself counts, as OpenTelemetry names it (histogram `http.server.request.duration`):
 * without a router only the application sees the requests. `namespace` and `pod` are the labels that
 * Kubernetes service discovery gives a scraped pod. Pods are named one by one, never by a prefix.
 */
const DURATIONS = 'http_server_request_duration_seconds';

const labels = (pods: string) => `{namespace="{{namespace}}",pod=~"{{${pods}}}"`;

function counts(those: string): { bad: string; total: string } {
  return {
    bad: `${DURATIONS}_count${those},http_response_status_code=~"5.."}`,
    total: `${DURATIONS}_count${those}}`,
  };
}

export const replicasPresets: Presets = {
  name: 'replicas',
  because: 'no router counts requests, so the application has to',
  errorRate: { canary: counts(labels('canaryPods')), stable: counts(labels('stablePods')) },
  latency: {
    canary: { buckets: `${DURATIONS}_bucket${labels('canaryPods')}}` },
    stable: { buckets: `${DURATIONS}_bucket${labels('stablePods')}}` },
  },
  // No `requests`: Services split connections, not requests, so the counts say little about the split.
};
