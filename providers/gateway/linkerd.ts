import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { REASON } from '../../api/reasons.ts';
import { implementationsOf } from './implementation.ts';
import { label } from './kinds.ts';
import { parentServices } from '../linkerd/profile.ts';
import type { Refusal, TrafficContext } from '../provider.ts';

/** One filter like these makes Linkerd ignore the whole route, while its status still says Accepted. */
const FATAL_FILTERS = ['RequestMirror', 'URLRewrite', 'ExtensionRef'];

/** What Linkerd does not support, or silently does not do, on routes that it serves. */
export function refuseLinkerd(context: TrafficContext): Refusal[] {
  const served = context.routes.filter((route) => implementationsOf(route).includes('linkerd'));
  return [
    ...served.flatMap((route) => [...refuseRules(route), ...refuseConflict(context, route)]),
    ...refuseHeadless(context, served),
    ...refuseMirror(context, served),
  ];
}

const unsupported = (sentence: string): Refusal => ({ reason: REASON.RouteUnsupported, sentence });

function refuseRules(route: KubeObject): Refusal[] {
  return getObjects(route, 'spec', 'rules').flatMap((rule, index) => {
    const name = label(route, { index, rule });
    const refs = getObjects(rule, 'backendRefs');
    const fatal = [...new Set([rule, ...refs].flatMap(fatalFilters))];
    const out = fatal.map((type) =>
      unsupported(
        `${name} has the filter ${type}, so Linkerd silently ignores the whole route; remove the filter.`,
      ),
    );
    if (refs.every((ref) => ref['port'] !== undefined)) return out;
    const sentence = `${name} has a backendRef without a port, which Linkerd does not accept as a back end; give it a port.`;
    return [...out, unsupported(sentence)];
  });
}

const fatalFilters = (holder: JsonObject): string[] =>
  getObjects(holder, 'filters')
    .map((filter) => getString(filter, 'type') ?? '')
    .filter((type) => FATAL_FILTERS.includes(type));

/** If a parent has both kinds of route, Linkerd obeys the GRPCRoutes and rejects the others. */
function refuseConflict({ others = [] }: TrafficContext, route: KubeObject): Refusal[] {
  const parents = parentServices(route);
  return others
    .filter(({ kind }) => (kind === 'HTTPRoute' || kind === 'GRPCRoute') && kind !== route.kind)
    .flatMap((other) => {
      const shared = parentServices(other).find((service) => parents.includes(service));
      if (shared === undefined) return [];
      return [
        unsupported(
          `${route.kind} ${route.metadata.name} and ${other.kind} ${other.metadata.name} are both attached to Service ${shared}, and Linkerd obeys only the GRPCRoute; keep one kind for a Service.`,
        ),
      ];
    });
}

/** Clients of such a Service connect to its pods directly. */
function refuseHeadless({ stableService }: TrafficContext, served: readonly KubeObject[]): Refusal[] {
  const stable = stableService.metadata.name;
  if (getString(stableService, 'spec', 'clusterIP') !== 'None') return [];
  return served
    .filter((route) => parentServices(route).includes(stable))
    .map((route) =>
      unsupported(
        `${route.kind} ${route.metadata.name} is attached to Service ${stable}, whose spec.clusterIP is None, so Linkerd does not split its requests; give it a cluster IP.`,
      ),
    );
}

function refuseMirror({ wants }: TrafficContext, served: readonly KubeObject[]): Refusal[] {
  if (wants.mirror === undefined) return [];
  return served.map((route) => ({
    reason: REASON.StrategyUnsupported,
    sentence: `spec.mirror: Linkerd serves ${route.kind} ${route.metadata.name} and cannot copy requests; remove it from the policy.`,
  }));
}
