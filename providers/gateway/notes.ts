import { getInteger, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { REASON } from '../../api/reasons.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { queriesOf } from '../../api/kinds/template/metric.ts';
import { implementationsOf } from './implementation.ts';
import type { Note } from '../provider.ts';

/**
 * What an implementation changes in requests or their numbers during a split; `templates`: with their
 * queries.
 */
export function gatewayNotes(
  routes: readonly KubeObject[],
  stable: string,
  templates: readonly BoundTemplate[],
): Note[] {
  return [
    ...routes.filter((route) => isRenamed(route, stable)).map((route) => aboutRenaming(route, stable)),
    ...templates.filter(asksTraefik).map(aboutBuckets),
  ];
}

/** Envoy Gateway names clusters after the rule while none of its backendRefs has a filter, then after each backendRef. */
function isRenamed(route: KubeObject, stable: string): boolean {
  if (!implementationsOf(route).includes('envoy-gateway')) return false;
  return getObjects(route, 'spec', 'rules').some((rule) => {
    const serving = getObjects(rule, 'backendRefs').filter((ref) => getInteger(ref, 'weight') !== 0);
    return serving.some((ref) => getString(ref, 'name') === stable) && !serving.some(hasFilter);
  });
}

const hasFilter = (ref: JsonObject): boolean => getObjects(ref, 'filters').length > 0;

const aboutRenaming = ({ kind, metadata }: KubeObject, stable: string): Note => ({
  reason: REASON.ClusterRenamed,
  sentence: `The backendRef of Service ${stable} in ${kind} ${metadata.name} has no filter, so Envoy Gateway renames its cluster at the first weight and answers requests of that moment with 503 (5 of 200 a second where it was tried); add a filter that changes nothing and keeps the name: filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [x-none]}}].`,
});

const asksTraefik = ({ template }: BoundTemplate): boolean =>
  template.metrics
    .flatMap(queriesOf)
    .some(({ text }) => text.startsWith('traefik_service_request_duration_seconds_bucket'));

const aboutBuckets = ({ use }: BoundTemplate): Note => ({
  reason: REASON.CoarseBuckets,
  sentence: `AnalysisTemplate ${use.template} judges latency by Traefik's histogram, whose buckets are .1, .3, 1.2 and 5 s unless you set them: too coarse to detect a slow version; set metrics.prometheus.buckets of Traefik around your usual durations.`,
});
