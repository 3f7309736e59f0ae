import type { KubeObject } from '../../api/kube.ts';
import type { Split } from '../../api/split.ts';
import type { ErrorRatePreset, Presets } from '../provider.ts';
import { anyOf } from '../shared/presets.ts';

/**
 * Istio's reporters by what reaches the canary; their counts are never mixed. Live requests are counted as the client's
 * proxy sees them: what never reaches a pod is in it. Copies are not in there (istio/istio#11093), only the proxies of the
 * pods count them, so of both arms that is taken while the canary gets nothing but copies.
 */
export function istioReporters(
  { weight, mirror, matching }: Split,
  service?: KubeObject,
): Record<string, string> {
  const copiesOnly = mirror > 0 && weight === 0 && !matching;
  if (copiesOnly) return { liveReporterRegex: NOBODY, copyReporterRegex: 'destination' };
  // Then a gateway's requests go through the waypoint as well, and both would count them.
  const both = service?.metadata.labels?.['istio.io/ingress-use-waypoint'] === 'true';
  return { liveReporterRegex: both ? 'waypoint' : 'source|waypoint', copyReporterRegex: NOBODY };
}

/** A query without any reporter would count as one without data. */
const NOBODY = 'nobody';

/** A proxy beside a pod does not know by which of several Services it was asked, but which Deployment it belongs to. */
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
 * gRPC codes that do not blame the server: OK, CANCELLED, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED,
 * FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED, UNAUTHENTICATED; and none at all, which is plain HTTP.
 */
const GRPC_FINE = '|0|1|3|5|6|7|9|11|12|16';

/** A client that goes away leaves response_code "0", which is no error. A failed gRPC call has response_code 200. */
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
