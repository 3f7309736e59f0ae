import { arrayOrEmpty, getNumber, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { REASON } from '../../api/reasons.ts';
import { apiVersionOf, RESOURCES } from '../../api/resources.ts';
import { hostOf, isHostOf } from './hosts.ts';
import { conditionsOf, mirrorTo, narrowed, OWN_ROUTE, sticking } from './matches.ts';
import { isMadeFor, makerIn } from '../shared/naming.ts';
import { ownMetadata, ownPercent, ownWeights, type OwnObject } from '../shared/own-object.ts';
import type { Refusal, Split, TrafficContext } from '../provider.ts';

/**
 * The VirtualService for a Service to which no VirtualService sends: every HTTP request that a sidecar makes
 * to it is split. Destinations without a port use the port of the request.
 */
function make(context: TrafficContext, split: Split, total: number): KubeObject {
  const { stable, canary } = ownWeights(split.weight, total);
  const all = { ...routeTo(context, split, [stable, canary]), ...mirrorsOf(context, split) };
  const matched = {
    name: OWN_ROUTE,
    match: narrowed([], conditionsOf(context)),
    ...routeTo(context, split, [0, total]),
  };
  return {
    apiVersion: apiVersionOf(RESOURCES.virtualServices),
    kind: RESOURCES.virtualServices.kind,
    metadata: ownMetadata(context),
    spec: {
      hosts: [context.stableService.metadata.name],
      http: split.matching ? [matched, all] : [all],
    },
  };
}

function routeTo(
  context: TrafficContext,
  { matching }: Split,
  [stable, canary]: [number, number],
): JsonObject {
  const to = (host: string, weight: number) => ({ destination: { host }, weight });
  const other = to(context.canaryService, canary);
  return {
    route: [to(context.stableService.metadata.name, stable), matching ? sticking(other, context) : other],
  };
}

const mirrorsOf = ({ canaryService }: TrafficContext, { mirror }: Split): JsonObject =>
  mirror === 0 ? {} : { mirrors: [mirrorTo({ destination: { host: canaryService } }, mirror)] };

export const ownVirtualService: OwnObject = {
  resource: RESOURCES.virtualServices,
  make,
  read: (context, live) => {
    const http = getObjects(live, 'spec', 'http');
    const all = http.at(-1);
    const weightOf = (host: string) =>
      getNumber(
        getObjects(all, 'route').find((each) => hostOf(each) === host),
        'weight',
      );
    const stable = weightOf(context.stableService.metadata.name);
    const canary = weightOf(context.canaryService);
    const weight = ownPercent(stable, canary);
    if (weight === undefined) return undefined;
    const [copies] = getObjects(all, 'mirrors');
    return {
      weight,
      mirror: getNumber(copies, 'percentage', 'value') ?? 0,
      matching: http.length > 1,
      total: (stable ?? 0) + (canary ?? 0),
    };
  },
};

const MESH = 'mesh';

/**
 * For one host, sidecars obey one VirtualService: the oldest of several, but one with the exact name before
 * one with a pattern.
 */
export function refuseOwn(context: TrafficContext): Refusal[] {
  const stable = context.stableService.metadata.name;
  const refusal = (sentence: string): Refusal => ({ reason: REASON.RouteUnsupported, sentence });
  return (context.others ?? [])
    .filter((object) => !isMadeFor(makerIn(context), object) && isForSidecars(object))
    .flatMap((object) => {
      const { name } = object.metadata;
      if (hostsOf(object).some((host) => isHostOf(host, stable, context.namespace))) {
        const sentence = `VirtualService ${name} has the host ${stable} but no route of it in this namespace sends to Service ${stable}, and sidecars obey only one VirtualService for a host; add such a route to it, or remove the host.`;
        return [refusal(sentence)];
      }
      const pattern = hostsOf(object).find((host) => covers(host, stable, context.namespace));
      if (pattern === undefined) return [];
      const sentence = `VirtualService ${name} has the host ${pattern}, and the VirtualService that Sluice makes for Service ${stable} would override it; write one with the host ${stable} and a route to it.`;
      return [refusal(sentence)];
    });
}

/** Does a pattern include the Service? The only cluster domain known here is the usual one. */
function covers(pattern: string, service: string, namespace: string): boolean {
  if (!pattern.startsWith('*')) return false;
  const rest = pattern.slice(1);
  const known = ['.svc.', `.${namespace}.svc.`].some((suffix) => rest.startsWith(suffix));
  return known || `${service}.${namespace}.svc.cluster.local`.endsWith(rest);
}

const hostsOf = (object: KubeObject): string[] =>
  arrayOrEmpty(object, 'spec', 'hosts').filter((host) => typeof host === 'string');

function isForSidecars(object: KubeObject): boolean {
  if (getString(object, 'kind') !== RESOURCES.virtualServices.kind) return false;
  const gateways = arrayOrEmpty(object, 'spec', 'gateways');
  return gateways.length === 0 || gateways.includes(MESH);
}
