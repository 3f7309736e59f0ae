import type { Presets } from '../provider.ts';

/*
 * Traefik counts for services of its own, one for each back end of a rule. Their names contain those of
 * others, with a dash for everything that is neither letter nor digit (`traefikNamesRegex`). A failed gRPC
 * call has code 200 there.
 */

const counts = (service: string) => ({
  bad: `traefik_service_requests_total{service=~"${service}",code=~"5.."}`,
  total: `traefik_service_requests_total{service=~"${service}"}`,
});

const buckets = (service: string) => ({
  buckets: `traefik_service_request_duration_seconds_bucket{service=~"${service}"}`,
});

function traefik(
  name: string,
  because: string,
  { canary, stable }: Record<'canary' | 'stable', string>,
): Presets {
  const errorRate = { canary: counts(canary), stable: counts(stable) };
  return {
    name,
    because,
    errorRate,
    latency: { canary: buckets(canary), stable: buckets(stable) },
    requests: { canary: errorRate.canary.total, stable: errorRate.stable.total },
  };
}

/** Before 3.6, without the route: `<namespace>-<Service>-<port>`. */
const ofRoute = (service: string) =>
  `(httproute-{{namespace}}-({{traefikNamesRegex}})-gw-.+-svc-)?{{namespace}}-${service}-[0-9]+@kubernetesgateway`;

export const traefikPresets = traefik('traefik', 'Traefik serves the route', {
  canary: ofRoute('{{canaryService}}'),
  stable: ofRoute('{{stableService}}'),
});

/** The canary's is also named after the stable Service; later versions add the Ingress. */
const ofIngress = (end: string) =>
  `{{namespace}}-(({{traefikNamesRegex}})-)?{{stableService}}-({{portRegex}})${end}@kubernetesingressnginx`;

/** Traefik as a replacement of Ingress-NGINX, whose annotations it reads. */
export const traefikNginxPresets = traefik('traefik-nginx', 'Traefik serves the Ingresses', {
  canary: ofIngress('-canary'),
  stable: ofIngress(''),
});
