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

/** A host that a route is served under. */
export interface ServedHost {
  /** a host name, perhaps with a wildcard; "": any */
  hostname: string;
  by: Controller;
  /** of the listener */
  port: number;
}

/**
 * The hosts a route is served under: its hostnames where a Gateway takes it, and the names of the Services that are its
 * parents (mesh), where hostnames mean nothing. []: nobody serves it.
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

/** Of several listeners with one host name the first counts: requests come by one port. */
const isFirst = (all: readonly ServedHost[], { hostname }: ServedHost, index: number): boolean =>
  all.findIndex((other) => other.hostname === hostname) === index;

/**
 * The `status.parents` this gateway would write for Gateways and Services, other controllers' entries kept; undefined when
 * nothing differs from what stands there now. `observedGeneration` is the generation of the object looked at.
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

/** Why nobody serves the route for this parent. */
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
