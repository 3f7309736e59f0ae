import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../api/kube.ts';
import type { Backends } from '../proxy/backends.ts';
import { CONTROLLERS, controllerOf, type Controller } from './gateway-classes.ts';
import { bind } from './listeners.ts';
import { refsOf, unknownFilters } from './route-rule.ts';
import type { RawRule } from './route-rule.ts';
import { fullName } from './routing.ts';
import type { ServiceLabels } from './routing.ts';

const OURS: readonly string[] = Object.values(CONTROLLERS);

export interface ParentRef {
  group?: string;
  kind?: string;
  namespace?: string;
  name: string;
  sectionName?: string;
  port?: number;
}

interface Condition {
  type: string;
  status: 'True' | 'False';
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration: number;
}

export interface ParentStatus {
  parentRef: ParentRef;
  controllerName: string;
  conditions: Condition[];
}

export interface RouteVerdictInput {
  route: KubeObject;
  gateways: readonly KubeObject[];
  backends: Backends;
  now: string;
}

/** A host under which a route is served. */
export interface ServedHost {
  /** a host name, or a wildcard; "": any */
  hostname: string;
  by: Controller;
  /** the port of the listener */
  port: number;
}

/**
 * The hosts under which a route is served: its hostnames, if a Gateway accepts it, and the names of the
 * Services that are its parents (mesh), for which hostnames mean nothing. []: nothing serves it.
 */
export function servedHosts(
  route: KubeObject,
  gateways: readonly KubeObject[],
  backends: Backends,
): ServedHost[] {
  const parents = parentRefsOf(route).filter((ref) => hasParent(ref, { route, gateways, backends }));
  const services = parents
    .filter(isService)
    .map((ref) => ({ hostname: fullName(placeOf(ref, route)), by: CONTROLLERS.mesh, port: ref.port ?? 80 }));
  const edges = parents.filter(isGateway).flatMap((ref) => {
    const gateway = parentOf(ref, { route, gateways });
    const binding = gateway === undefined ? undefined : bind(route, gateway, ref);
    const by = controllerOf(gateway);
    return binding !== undefined && 'bound' in binding
      ? binding.bound.map(({ hostname, port }) => ({ hostname, by, port }))
      : [];
  });
  return [...services, ...edges.filter((one, i) => isFirst(edges, one, i))];
}

/** If several listeners have one host name, the first counts: requests use one port. */
const isFirst = (all: readonly ServedHost[], { hostname }: ServedHost, index: number): boolean =>
  all.findIndex((other) => other.hostname === hostname) === index;

/**
 * The `status.parents` that this gateway writes for Gateways and Services, with the entries of other
 * controllers kept; undefined if nothing changes. `observedGeneration` is the generation of the observed
 * object.
 */
export function parentsOf(input: RouteVerdictInput): ParentStatus[] | undefined {
  const before = (input.route.status?.['parents'] ?? []) as unknown as ParentStatus[];
  const others = before.filter((entry) => !OURS.includes(entry.controllerName));
  const mine = before.filter((entry) => OURS.includes(entry.controllerName));
  const wanted = parentRefsOf(input.route)
    .filter((ref) => isGateway(ref) || isService(ref))
    .map((parentRef) => ({
      parentRef,
      controllerName: isService(parentRef) ? CONTROLLERS.mesh : controllerOf(parentOf(parentRef, input)),
      conditions: conditionsOf(input, parentRef, mine),
    }));
  return isDeepStrictEqual(wanted, mine) ? undefined : [...others, ...wanted];
}

function conditionsOf(input: RouteVerdictInput, ref: ParentRef, mine: ParentStatus[]): Condition[] {
  const missing = missingBackends(input);
  const before = mine.find((entry) => isDeepStrictEqual(entry.parentRef, ref))?.conditions;
  const refused = refusalOf(ref, input);
  const accepted =
    refused === undefined
      ? { status: 'True' as const, reason: 'Accepted', message: 'Route is accepted' }
      : { status: 'False' as const, ...refused };
  const [filter] = rulesOf(input).flatMap(unknownFilters);
  const unresolved =
    missing.length > 0
      ? { reason: 'BackendNotFound', message: `not found: ${missing.join(', ')}` }
      : { reason: 'InvalidKind', message: `filter ${filter ?? ''} is not supported` };
  const resolved =
    missing.length > 0 || filter !== undefined
      ? { status: 'False' as const, ...unresolved }
      : { status: 'True' as const, reason: 'ResolvedRefs', message: 'All references are resolved' };
  return [
    { type: 'Accepted', ...accepted },
    { type: 'ResolvedRefs', ...resolved },
  ].map((condition) => ({
    ...condition,
    lastTransitionTime: transition(before, condition) ?? input.now,
    observedGeneration: input.route.metadata.generation ?? 0,
  }));
}

/** Why this parent does not serve the route. */
function refusalOf(
  ref: ParentRef,
  input: RouteVerdictInput,
): { reason: string; message: string } | undefined {
  if (!hasParent(ref, input)) {
    return { reason: 'NoMatchingParent', message: `there is no ${ref.kind ?? 'Gateway'} ${ref.name}` };
  }
  const gateway = isGateway(ref) ? parentOf(ref, input) : undefined;
  const binding = gateway === undefined ? undefined : bind(input.route, gateway, ref);
  return binding !== undefined && 'reason' in binding ? binding : undefined;
}

function transition(
  before: Condition[] | undefined,
  now: { type: string; status: string },
): string | undefined {
  return before?.find((one) => one.type === now.type && one.status === now.status)?.lastTransitionTime;
}

const rulesOf = ({ route }: RouteVerdictInput): RawRule[] =>
  (route.spec?.['rules'] ?? []) as unknown as RawRule[];

function missingBackends(input: RouteVerdictInput): string[] {
  const namespace = input.route.metadata.namespace ?? '';
  return rulesOf(input)
    .flatMap(refsOf)
    .filter((ref) => input.backends.endpoints(namespace, ref.name, ref.port ?? -1) === undefined)
    .map((ref) => `Service ${ref.name}:${ref.port ?? '?'}`);
}

function parentRefsOf(route: KubeObject): ParentRef[] {
  return (route.spec?.['parentRefs'] ?? []) as unknown as ParentRef[];
}

const isGateway = ({ kind = 'Gateway' }: ParentRef): boolean => kind === 'Gateway';

const isService = ({ kind, group = '' }: ParentRef): boolean =>
  kind === 'Service' && (group === '' || group === 'core');

const placeOf = (ref: ParentRef, route: KubeObject): ServiceLabels => ({
  namespace: ref.namespace ?? route.metadata.namespace ?? '',
  service: ref.name,
});

function hasParent(
  ref: ParentRef,
  { route, gateways, backends }: Pick<RouteVerdictInput, 'route' | 'gateways' | 'backends'>,
): boolean {
  const { namespace, service } = placeOf(ref, route);
  if (isService(ref)) return backends.endpoints(namespace, service, ref.port) !== undefined;
  return isGateway(ref) && parentOf(ref, { route, gateways }) !== undefined;
}

function parentOf(
  ref: ParentRef,
  { route, gateways }: Pick<RouteVerdictInput, 'route' | 'gateways'>,
): KubeObject | undefined {
  const { namespace } = placeOf(ref, route);
  return gateways.find(({ metadata }) => metadata.name === ref.name && metadata.namespace === namespace);
}
