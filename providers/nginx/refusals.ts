import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import { isMadeFor, makerIn } from '../shared/naming.ts';
import { BEHAVIOR, behaviorsOf, classOf, hasAffinity, PASSTHROUGH } from './annotations.ts';
import {
  annotationsOf,
  canaryIngressName,
  defaultService,
  isCanary,
  mains,
  namesService,
  ownPlaces,
  pathsOf,
  placeOf,
} from './ingress.ts';
import { refuseClass } from './class.ts';
import { refuseWants } from './wants.ts';
import type { Refusal, TrafficContext } from '../provider.ts';

/**
 * What would break the split, change it for other Services or keep it from beginning. The controller reports
 * none of these: the requests just go elsewhere. Only the namespace is seen; a canary Ingress in another
 * namespace is not.
 */
export function refuse(context: TrafficContext): Refusal[] {
  return [
    ...context.routes.flatMap((ingress) => refuseIngress(context, ingress)),
    ...refuseUndecidedSessions(context),
    ...[...context.routes, ...neighbours(context)].flatMap((other) => refuseContested(context, other)),
    ...neighbours(context).flatMap((other) => refuseNeighbour(context, other)),
    ...refuseWants(context),
    ...(context.discovery === undefined ? [] : refuseClass(context.routes, context.discovery)),
  ];
}

const unsupported = (sentence: string): Refusal => ({ reason: REASON.RouteUnsupported, sentence });

function refuseIngress(context: TrafficContext, ingress: KubeObject): Refusal[] {
  const stable = context.stableService.metadata.name;
  const name = `Ingress ${ingress.metadata.name}`;
  const out: Refusal[] = [];
  if (defaultService(ingress) === stable) {
    const sentence = `${name} names Service ${stable} in spec.defaultBackend, and its canary would take a share of every rule without a host; give it a rule with the path "/" instead.`;
    out.push(unsupported(sentence));
  }
  if (isCanary(ingress)) {
    const sentence = `${name} is itself a canary Ingress (annotation nginx.ingress.kubernetes.io/canary) and names Service ${stable}; remove it, or exclude it by listing the others in the annotation ${ANNOTATION.route}.`;
    out.push(unsupported(sentence));
  }
  if (isPassthrough(ingress)) {
    const sentence = `${name} passes TLS through (annotation ${PASSTHROUGH}), so its requests cannot be split; end TLS at the controller.`;
    out.push(unsupported(sentence));
  }
  if (classOf(ingress) === undefined) {
    const sentence = `${name} has no class, so its canary Ingress could get the class of another controller, which does not split; set spec.ingressClassName.`;
    out.push(unsupported(sentence));
  }
  return out;
}

const isPassthrough = (ingress: KubeObject): boolean => annotationsOf(ingress)[PASSTHROUGH] === 'true';

/** By default, clients with a session also stay with the canary of the next release, whatever its weight. */
function refuseUndecidedSessions(context: TrafficContext): Refusal[] {
  const all = mains(context);
  const sticky = all.find(hasAffinity);
  const answers = behaviorsOf(all);
  if (answers.length > 1) {
    const names = all.map(({ metadata }) => metadata.name).join(', ');
    const sentence = `Ingresses ${names} send to one Service with different values of the annotation ${BEHAVIOR} (${answers.join(', ')}), and the controller obeys only one; give all of them the same value.`;
    return [unsupported(sentence)];
  }
  if (sticky === undefined || answers.length === 1 || context.wants.sticky !== undefined) return [];
  const sentence = `Ingress ${sticky.metadata.name} keeps each client on its pod by a cookie (affinity: cookie) but does not say where these clients go during a release; set the annotation ${BEHAVIOR} to legacy (the canary keeps no client) or sticky (it keeps the clients it has, in the next release too), or set spec.stickiness in the policy.`;
  return [unsupported(sentence)];
}

/** Every other Ingress of the namespace, without our own. */
function neighbours(context: TrafficContext): KubeObject[] {
  const inScope = new Set(context.routes.map(({ metadata }) => metadata.name));
  return (context.others ?? [])
    .filter(({ kind }) => kind === 'Ingress')
    .filter((ingress) => !inScope.has(ingress.metadata.name) && !isMadeFor(makerIn(context), ingress));
}

function refuseNeighbour(context: TrafficContext, other: KubeObject): Refusal[] {
  const name = `Ingress ${other.metadata.name}`;
  const taken = context.routes.find(
    ({ metadata }) => canaryIngressName(metadata.name, context.target) === other.metadata.name,
  );
  if (taken !== undefined) {
    const sentence = `${name} exists and was not made by Sluice, which needs that name for the canary of Ingress ${taken.metadata.name}; rename or delete it.`;
    return [{ reason: REASON.NameTaken, sentence }];
  }
  const problem = isCanary(other) ? foreignCanary(context, other) : rival(context, other);
  return problem === undefined ? [] : [unsupported(`${name} ${problem}`)];
}

/** If several canaries have one place, only the oldest works. */
function foreignCanary(context: TrafficContext, other: KubeObject): string | undefined {
  const hit = pathsOf(other)
    .map(placeOf)
    .flatMap((place) => stablePlaces(context).get(place) ?? [])[0];
  if (hit !== undefined)
    return `is already a canary Ingress for ${hit.host}${hit.path}, and Ingress-NGINX obeys only one; remove it before the release.`;
  const catchAll = [...stablePlaces(context).values()].some(({ host }) => host === '');
  return catchAll && defaultService(other) !== undefined
    ? 'is a canary Ingress for every rule without a host (spec.defaultBackend), and Ingress-NGINX obeys only one canary; remove it before the release.'
    : undefined;
}

/** A normal Ingress of the same controller that adds requests to the split ones, or hides them from it. */
function rival(context: TrafficContext, other: KubeObject): string | undefined {
  const stable = context.stableService.metadata.name;
  const served = context.routes.filter((ingress) => classOf(ingress) === classOf(other));
  if (served.length === 0) return undefined;
  if (namesService(other, stable))
    return `also sends to Service ${stable} and Ingress-NGINX would split it too, or not at all if it names the port differently; add it to the annotation ${ANNOTATION.route}.`;
  const hosts = new Set([...stablePlaces({ ...context, routes: served }).values()].map(({ host }) => host));
  const passed = isPassthrough(other) ? pathsOf(other).find(({ host }) => hosts.has(host)) : undefined;
  return passed === undefined
    ? undefined
    : `passes TLS of ${passed.host} through (annotation ${PASSTHROUGH}), so no request of that host can be split; end TLS at the controller.`;
}

/** The oldest Ingress owns a place, and only its canary gets requests for that place. */
function refuseContested(context: TrafficContext, other: KubeObject): Refusal[] {
  const stable = context.stableService.metadata.name;
  const rivals = context.routes.filter((ingress) => classOf(ingress) === classOf(other));
  const places = stablePlaces({ ...context, routes: rivals });
  const contested = isCanary(other)
    ? undefined
    : ownPlaces(other).find((path) => path.service !== stable && places.has(placeOf(path)));
  if (contested === undefined) return [];
  const { host, path, service } = contested;
  const sentence = `Ingress ${other.metadata.name} sends ${host}${path} to Service ${service}, where another Ingress sends it to ${stable}; only the older of the two serves that path and would get the canary; remove the path from one of them.`;
  return [unsupported(sentence)];
}

function stablePlaces({ routes, stableService }: TrafficContext) {
  const paths = routes.flatMap(ownPlaces).filter(({ service }) => service === stableService.metadata.name);
  return new Map(paths.map((path) => [placeOf(path), path]));
}
