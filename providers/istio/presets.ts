import type { KubeObject } from '../../api/kube.ts';
import type { Split } from '../../api/split.ts';
import type { ErrorRatePreset, Presets } from '../provider.ts';
import { anyOf } from '../shared/presets.ts';

/**
 * Istio's reporters, by the kind of requests that reach the canary; their counts are never mixed. Live
 * requests are counted by the client's proxy, which includes those that never reach a pod. Its counts have no
 * copies (istio/istio#11093): only the proxies of the pods count copies, so both arms are read from them
 * while the canary gets only copies.
 */
export function istioReporters(
  { weight, mirror, matching }: Split,
  service?: KubeObject,
): Record<string, string> {
  const copiesOnly = mirror > 0 && weight === 0 && !matching;
  if (copiesOnly) return { liveReporterRegex: NOBODY, copyReporterRegex: 'destination' };
  // Then a gateway's requests also pass the waypoint, and both would count them.
  const both = service?.metadata.labels?.['istio.io/ingress-use-waypoint'] === 'true';
  return { liveReporterRegex: both ? 'waypoint' : 'source|waypoint', copyReporterRegex: NOBODY };
}

/** A query without a reporter would look like one without data. */
const NOBODY = 'nobody';

/**
 * The proxy of a pod does not know which of several Services the client asked, but it knows the pod's
 * Deployment.
 */
const istio = (arm: Arm, metric: string, ...labels: string[]): string => {
  const { service, deployment } = ARMS[arm];
  const live = `reporter=~"{{liveReporterRegex}}",destination_service="{{${service}}}.{{namespace}}.svc.{{clusterDomain}}"`;
  const copies = `reporter=~"{{copyReporterRegex}}",destination_workload_namespace="{{namespace}}",destination_workload="{{${deployment}}}"`;
  return anyOf(...[live, copies].map((where) => `${metric}{${[where, ...labels].join(',')}}`));
};

type Arm = 'canary' | 'stable';
const ARMS = {
  canary: { service: 'canaryService', deployment: 'canaryDeployment' },
  stable: { service: 'stableService', deployment: 'target' },
} as const;

/**
 * gRPC codes that do not blame the server: OK, CANCELLED, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS,
 * PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED, UNAUTHENTICATED; and no code, which is
 * plain HTTP.
 */
const GRPC_FINE = '|0|1|3|5|6|7|9|11|12|16';

/**
 * If a client disconnects, response_code is "0", which is not an error. A failed gRPC call has response_code
 * 200.
 */
function istioCounts(arm: Arm): { bad: string; total: string } {
  const requests = 'istio_requests_total';
  return {
    bad: anyOf(
      istio(arm, requests, 'response_code=~"5.."'),
      istio(arm, requests, `grpc_response_status!~"${GRPC_FINE}"`),
    ),
    total: istio(arm, requests),
  };
}

const istioBuckets = (arm: Arm) => ({ buckets: istio(arm, 'istio_request_duration_milliseconds_bucket') });

const istioErrorRate: ErrorRatePreset = { canary: istioCounts('canary'), stable: istioCounts('stable') };

export const istioPresets: Presets = {
  name: 'istio',
  because: 'Istio serves the route',
  errorRate: istioErrorRate,
  latency: { canary: istioBuckets('canary'), stable: istioBuckets('stable') },
  requests: { canary: istioErrorRate.canary.total, stable: istioErrorRate.stable.total },
};
