import type { ErrorRatePreset, LatencyPreset } from './provider.ts';

/**
 * As the pods' own proxies count, without probes and the proxy's own port. Labels `namespace` and `deployment` are added
 * by the scrape configuration of Linkerd. Variables as in presets.ts, and:
 *   target            name of the stable Deployment
 *   canaryDeployment  name of the canary's
 */
const inbound = (deployment: string) =>
  `{direction="inbound",namespace="{{namespace}}",deployment="{{${deployment}}}",target_port!="4191",route_name!="probe"`;

const RESPONSES = 'response_total';
/** Milliseconds to the first byte of the answer. */
const LATENCIES = 'response_latency_ms_bucket';

export const linkerdErrorRate: ErrorRatePreset = {
  name: 'linkerd-error-rate',
  canary: counts(inbound('canaryDeployment')),
  stable: counts(inbound('target')),
};

/** A failure is HTTP 5xx, or a gRPC status that blames the server. */
function counts(labels: string): { bad: string; total: string } {
  return { bad: `${RESPONSES}${labels},classification="failure"}`, total: `${RESPONSES}${labels}}` };
}

export const linkerdLatency: LatencyPreset = {
  canary: { buckets: `${LATENCIES}${inbound('canaryDeployment')}}` },
  stable: { buckets: `${LATENCIES}${inbound('target')}}` },
};
