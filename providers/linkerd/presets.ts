import type { ErrorRatePreset, Presets } from '../provider.ts';

/**
 * As the pods' own proxies count, without probes and the proxy's own port. The labels `namespace` and `deployment` are
 * added by Linkerd's scrape configuration.
 */
const linkerdLabels = (deployment: string) =>
  `{direction="inbound",namespace="{{namespace}}",deployment="{{${deployment}}}",target_port!="4191",route_name!="probe"`;

/** A failure is HTTP 5xx, or a gRPC status that blames the server. */
function linkerdCounts(deployment: string): { bad: string; total: string } {
  const responses = `response_total${linkerdLabels(deployment)}`;
  return { bad: `${responses},classification="failure"}`, total: `${responses}}` };
}

/** Milliseconds to the first byte of the answer. */
const linkerdBuckets = (deployment: string) => ({
  buckets: `response_latency_ms_bucket${linkerdLabels(deployment)}}`,
});

const linkerdErrorRate: ErrorRatePreset = {
  canary: linkerdCounts('canaryDeployment'),
  stable: linkerdCounts('target'),
};

export const linkerdPresets: Presets = {
  name: 'linkerd',
  because: 'Linkerd carries out the TrafficSplit, and the proxies of the pods count',
  errorRate: linkerdErrorRate,
  latency: { canary: linkerdBuckets('canaryDeployment'), stable: linkerdBuckets('target') },
  requests: { canary: linkerdErrorRate.canary.total, stable: linkerdErrorRate.stable.total },
};
