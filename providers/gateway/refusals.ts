import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { REASON } from '../../api/reasons.ts';
import { mirrorOf } from './filters.ts';
import { KINDS, kindOf, label, nameOf } from './kinds.ts';
import { refuseLinkerd } from './linkerd.ts';
import { acknowledgement, unserved } from './status.ts';
import { refuseWants } from './wants.ts';
import { ownRules, pairOf, scopeOf } from '../shared/in-place.ts';
import { refuseOverruled } from '../linkerd/profile.ts';
import type { Refusal, TrafficContext } from '../provider.ts';
import { percentOf, type LiveRule } from '../shared/weighted-rules.ts';

const MAX_BACKENDS = 16;

export function refuse(context: TrafficContext): Refusal[] {
  return [
    ...context.routes.flatMap((route) => [...refuseRoute(context, route), ...refuseOwn(context, route)]),
    ...KINDS.flatMap((kind) => scopeOf(kind, context)).flatMap(({ route, rule }) =>
      refuseRule(context, route, rule),
    ),
    ...refuseOverruled(context),
    ...refuseLinkerd(context),
    ...refuseWants(context),
  ];
}

const unsupported = (sentence: string): Refusal => ({ reason: REASON.RouteUnsupported, sentence });

function refuseRoute(context: TrafficContext, route: KubeObject): Refusal[] {
  const name = `${route.kind} ${route.metadata.name}`;
  const parents = getObjects(route, 'spec', 'parentRefs');
  if (parents.length === 0) {
    return [
      unsupported(
        `spec.parentRefs of ${name} is empty, so no Gateway serves it; attach it to a Gateway, or exclude it by listing the others in the annotation sluice.dev/route.`,
      ),
    ];
  }
  const stray = parents.find(
    (ref) => getString(ref, 'kind') === 'Service' && !isCore(getString(ref, 'group')),
  );
  if (stray !== undefined) {
    return [
      unsupported(
        `spec.parentRefs of ${name} has kind Service without a group, which defaults to gateway.networking.k8s.io, so no mesh serves it; write group: "" beside kind: Service.`,
      ),
    ];
  }
  const [alone] = context.originals === undefined ? unserved(route) : [];
  if (alone !== undefined) {
    return [
      unsupported(
        `no controller has reported on parent ${getString(alone, 'kind') ?? 'Gateway'} ${getString(alone, 'name') ?? ''} of ${name}, only on its other parents, so no weight could ever be confirmed there; remove it from spec.parentRefs, or install the controller that serves it.`,
      ),
    ];
  }
  const { problem } = acknowledgement(route);
  // During a release, our own edits may cause the rejection; then it is observed, not refused.
  if (problem === undefined || context.originals !== undefined) return [];
  const sentence = `${problem}, so no weight could ever be confirmed; correct the route, or exclude it by listing the others in the annotation sluice.dev/route.`;
  return [{ reason: REASON.RouteRejected, sentence }];
}

const isCore = (group: string | undefined): boolean => group === '' || group === 'core';

function refuseRule(context: TrafficContext, route: KubeObject, rule: LiveRule): Refusal[] {
  const stable = context.stableService.metadata.name;
  const name = label(route, rule);
  const others = [...new Set(rule.foreign.map((ref) => nameOf(ref)))];
  const out: Refusal[] = [];
  if (others.length > 0) {
    const sentence = `${name} sends to ${others.join(', ')} as well as to Service ${stable}, so Sluice cannot know from whose share the canary takes requests; leave only ${stable} in its backendRefs, or list the routes to split in the annotation sluice.dev/route.`;
    out.push({ reason: REASON.ForeignDestination, sentence });
  }
  if (percentOf(kindOf(route).shape, rule) === undefined) {
    out.push(
      unsupported(
        `${name} has only backendRefs of weight 0, so it serves no requests to split; give ${stable} a weight above 0 or remove the rule.`,
      ),
    );
  }
  if (rule.destinations.length + rule.stable.length - rule.canary.length > MAX_BACKENDS) {
    out.push(
      unsupported(
        `${name} has ${rule.destinations.length} backendRefs of at most ${MAX_BACKENDS}, so the canary's does not fit; use fewer.`,
      ),
    );
  }
  return [...out, ...refuseTraces(context, route, rule)];
}

/**
 * Before a release the route may contain nothing that Sluice would take for its own and remove at the end.
 */
function refuseTraces(context: TrafficContext, route: KubeObject, rule: LiveRule): Refusal[] {
  if (context.originals !== undefined) return [];
  const name = label(route, rule);
  const canary = `Service ${context.canaryService}`;
  if (rule.canary.length > 0) {
    return [
      unsupported(
        `${name} already names ${canary}, which Sluice adds itself during a release; remove that backendRef.`,
      ),
    ];
  }
  if (mirrorOf(rule.rule, pairOf(context)) > 0) {
    return [
      unsupported(
        `${name} already copies requests to ${canary}, which Sluice does itself during a release; remove that filter.`,
      ),
    ];
  }
  return [];
}

/** Rules that Sluice would take for its own: they are not part of the scope. */
function refuseOwn(context: TrafficContext, route: KubeObject): Refusal[] {
  if (context.originals !== undefined) return [];
  return ownRules(kindOf(route), context, route).map((rule) =>
    unsupported(
      `${label(route, rule)} looks like the rules that Sluice adds for requests that match, and removes after a release; give it another name, or remove it.`,
    ),
  );
}
