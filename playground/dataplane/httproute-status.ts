import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../api/kube.ts';
import type { Backends } from './backends.ts';
import type { BackendRef } from './httproute-routing.ts';

export const CONTROLLER_NAME = 'playground.sluice.dev/gateway';

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
  gateways: KubeObject[];
  backends: Backends;
  now: string;
}

/** Is there a Gateway for this parent? Parents of other kinds (a Service: mesh) are not ours. */
export function acceptedBy(route: KubeObject, gateways: KubeObject[]): boolean {
  return parentRefsOf(route).some((ref) => gatewayOf(ref, route, gateways) !== undefined);
}

/**
 * The `status.parents` this gateway would write, other controllers' entries kept; undefined when nothing differs from
 * what stands there now. `observedGeneration` is the generation of the object looked at.
 */
export function parentsOf(input: RouteVerdictInput): ParentStatus[] | undefined {
  const before = (input.route.status?.['parents'] ?? []) as unknown as ParentStatus[];
  const others = before.filter((entry) => entry.controllerName !== CONTROLLER_NAME);
  const mine = before.filter((entry) => entry.controllerName === CONTROLLER_NAME);
  const wanted = parentRefsOf(input.route)
    .filter((ref) => (ref.kind ?? 'Gateway') === 'Gateway')
    .map((parentRef) => ({
      parentRef,
      controllerName: CONTROLLER_NAME,
      conditions: conditionsOf(input, parentRef, mine),
    }));
  return isDeepStrictEqual(wanted, mine) ? undefined : [...others, ...wanted];
}

function conditionsOf(input: RouteVerdictInput, ref: ParentRef, mine: ParentStatus[]): Condition[] {
  const gateway = gatewayOf(ref, input.route, input.gateways);
  const missing = missingBackends(input);
  const before = mine.find((entry) => isDeepStrictEqual(entry.parentRef, ref))?.conditions;
  const accepted =
    gateway === undefined
      ? { status: 'False' as const, reason: 'NoMatchingParent', message: `there is no Gateway ${ref.name}` }
      : { status: 'True' as const, reason: 'Accepted', message: 'Route is accepted' };
  const resolved =
    missing.length > 0
      ? { status: 'False' as const, reason: 'BackendNotFound', message: `not found: ${missing.join(', ')}` }
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

function transition(
  before: Condition[] | undefined,
  now: { type: string; status: string },
): string | undefined {
  return before?.find((one) => one.type === now.type && one.status === now.status)?.lastTransitionTime;
}

function missingBackends(input: RouteVerdictInput): string[] {
  const rules = (input.route.spec?.['rules'] ?? []) as unknown as { backendRefs?: BackendRef[] }[];
  const namespace = input.route.metadata.namespace ?? '';
  return rules
    .flatMap((rule) => rule.backendRefs ?? [])
    .filter((ref) => input.backends.endpoints(namespace, ref.name, ref.port ?? -1) === undefined)
    .map((ref) => `Service ${ref.name}:${ref.port ?? '?'}`);
}

function parentRefsOf(route: KubeObject): ParentRef[] {
  return (route.spec?.['parentRefs'] ?? []) as unknown as ParentRef[];
}

function gatewayOf(ref: ParentRef, route: KubeObject, gateways: KubeObject[]): KubeObject | undefined {
  if ((ref.kind ?? 'Gateway') !== 'Gateway') return undefined;
  const namespace = ref.namespace ?? route.metadata.namespace;
  return gateways.find((one) => one.metadata.name === ref.name && one.metadata.namespace === namespace);
}
