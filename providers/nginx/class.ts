import { getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import { classOf, speaksGrpc } from './annotations.ts';
import { nginxPresets } from './presets.ts';
import type { NoPresets, Presets, Refusal } from '../provider.ts';
import { BY_PODS } from '../shared/presets.ts';
import { traefikNginxPresets } from '../shared/traefik-presets.ts';

/** Ingress-NGINX, also under the name of a second installation, or what has replaced it. */
const OBEYS = /ingress-nginx/;

/** Controllers of Ingresses that obey no annotation of Ingress-NGINX, even if a user says that they do. */
const OBEYS_NONE: readonly [name: string, controller: RegExp][] = [
  ["F5's NGINX Ingress Controller", /^nginx\.org\//],
  ["Traefik's own Ingress provider", /^traefik\.io\/ingress-controller$/],
  ['the AWS Load Balancer Controller', /^ingress\.k8s\.aws\//],
  ['HAProxy', /^haproxy/],
  ['Kong', /^ingress-controllers\.konghq\.com\//],
];

/** The IngressClass of an Ingress, as far as it is known. */
export const classObject = (ingress: KubeObject, classes: readonly KubeObject[]): KubeObject | undefined =>
  classes.find(({ metadata }) => metadata.name === classOf(ingress));

/**
 * A controller that does not know canary Ingresses would serve one as a second Ingress for the same place,
 * and perhaps send every request there. The IngressClass says who serves a class; if it is not known, its
 * name decides. `named`: a user has said that it is Ingress-NGINX.
 */
export function refuseClass(
  routes: readonly KubeObject[],
  { classes, named }: { classes: readonly KubeObject[]; named: boolean },
): Refusal[] {
  return routes.flatMap((ingress): Refusal[] => {
    const name = classOf(ingress);
    if (name === undefined) return [];
    const controller = getString(classObject(ingress, classes), 'spec', 'controller');
    const [known] = OBEYS_NONE.find(([, pattern]) => pattern.test(controller ?? '')) ?? [];
    const who = `Ingress ${ingress.metadata.name} has the class ${name}`;
    if (known !== undefined) {
      const sentence = `${who}, which ${known} serves (${controller ?? ''}): that controller ignores the annotations of Ingress-NGINX and would serve the canary's Ingress as an ordinary one; give the Service an HTTPRoute, or use provider "replicas".`;
      return [{ reason: REASON.RouteUnsupported, sentence }];
    }
    if (named || OBEYS.test(controller ?? '')) return [];
    if (controller === undefined && name.includes('nginx')) return [];
    const served = controller === undefined ? '' : ` (served by ${controller})`;
    const sentence = `${who}${served}, and a controller other than Ingress-NGINX would serve the canary's Ingress as an ordinary one; if yours obeys Ingress-NGINX's annotations, say so with the annotation ${ANNOTATION.provider}: nginx, otherwise give the Service a route of another kind.`;
    return [{ reason: REASON.RouteUnsupported, sentence }];
  });
}

/** Traefik is known by the labels of its chart, or by its own name as a controller. */
function isTraefik(object: KubeObject | undefined): boolean {
  const { 'app.kubernetes.io/name': name, 'helm.sh/chart': chart = '' } = object?.metadata.labels ?? {};
  const controller = getString(object, 'spec', 'controller') ?? '';
  return name === 'traefik' || chart.startsWith('traefik-') || controller.startsWith('traefik.io/');
}

/** The queries of the controller that serves these Ingresses. */
export function ingressPresets(
  routes: readonly KubeObject[],
  classes: readonly KubeObject[] = [],
): Presets | NoPresets {
  const calls = routes.find(speaksGrpc);
  if (calls !== undefined) {
    const sentence = `Ingress ${calls.metadata.name} speaks gRPC to its pods (annotation backend-protocol), and a router in front of them counts a failed call as HTTP 200`;
    return { sentence, remedy: BY_PODS };
  }
  const traefik = routes.length > 0 && routes.every((ingress) => isTraefik(classObject(ingress, classes)));
  return traefik ? traefikNginxPresets : nginxPresets;
}
