import { arrayOrEmpty, getNumber, getObjects, getString } from '../api/json.ts';
import type { KubeObject } from '../api/kube.ts';
import { REASON } from '../api/reasons.ts';
import { apiVersionOf, RESOURCES } from '../api/resources.ts';
import { hostOf, isHostOf } from './istio-hosts.ts';
import { isMadeFor } from './naming.ts';
import { ownMetadata, type OwnObject } from './own-object.ts';
import type { Refusal, TrafficContext } from './provider.ts';
import { FULL } from './weights.ts';

/**
 * The VirtualService for a Service that no VirtualService sends to: every HTTP request that a sidecar makes to it is
 * shared out. Destinations without a port have the one that was asked for.
 */
function make(context: TrafficContext, weight: number): KubeObject {
  const stable = context.stableService.metadata.name;
  const to = (host: string, share: number) => ({ destination: { host }, weight: share });
  return {
    apiVersion: apiVersionOf(RESOURCES.virtualServices),
    kind: RESOURCES.virtualServices.kind,
    metadata: ownMetadata(context),
    spec: {
      hosts: [stable],
      http: [{ route: [to(stable, FULL - weight), to(context.canaryService, weight)] }],
    },
  };
}

export const ownVirtualService: OwnObject = {
  resource: RESOURCES.virtualServices,
  make,
  percentIn: (context, live) => {
    const [http] = getObjects(live, 'spec', 'http');
    const canary = getObjects(http, 'route').find((each) => hostOf(each) === context.canaryService);
    return getNumber(canary, 'weight');
  },
};

const MESH = 'mesh';

/** Sidecars obey one VirtualService for a host, the oldest: ours would be without effect beside another. */
export function refuseOwn(context: TrafficContext): Refusal[] {
  const stable = context.stableService.metadata.name;
  return (context.others ?? [])
    .filter((object) => !isMadeFor(context.target, object) && isForSidecars(object))
    .filter((object) => hostsOf(object).some((host) => isHostOf(host, stable, context.namespace)))
    .map((object) => ({
      reason: REASON.RouteUnsupported,
      sentence: `VirtualService ${object.metadata.name} has the host ${stable} but no route of it in this namespace sends to Service ${stable}, and sidecars obey only one VirtualService for a host; add such a route to it, or remove the host.`,
    }));
}

const hostsOf = (object: KubeObject): string[] =>
  arrayOrEmpty(object, 'spec', 'hosts').filter((host) => typeof host === 'string');

function isForSidecars(object: KubeObject): boolean {
  if (getString(object, 'kind') !== RESOURCES.virtualServices.kind) return false;
  const gateways = arrayOrEmpty(object, 'spec', 'gateways');
  return gateways.length === 0 || gateways.includes(MESH);
}
