import { getString, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import type { BuiltIn } from '../../providers/index.ts';
import type { Refusal } from '../../providers/provider.ts';
import { isMadeFor, makerOf, mapSelects, type Labels } from '../canary/index.ts';
import { kindsOf, routelessProvider } from './routes.ts';
import { selectedPods } from './pods.ts';
import { found, nameOf, namesOf, refused, type DiscoveryInput, type Found } from './types.ts';

const selectorOf = (service: KubeObject): Labels => getStringMap(service, 'spec', 'selector');

export const templateLabels = (deployment: KubeObject): Labels =>
  getStringMap(deployment, 'spec', 'template', 'metadata', 'labels');

/** Services that select the target's pods: those that run now, or those of its new template. */
export function frontingServices(input: DiscoveryInput): KubeObject[] {
  const labels = templateLabels(input.target);
  return input.services.filter(
    (service) =>
      !isMadeFor(makerOf(input.target), service) &&
      (mapSelects(selectorOf(service), labels) || selectedPods(service, input).ofTarget.length > 0),
  );
}

/**
 * The Service whose traffic is split: the one that the annotation names; else the one of `fronting` that a route names,
 * or the only one if the provider needs no route. `isRouted` tells whether any candidate route names a Service.
 */
export function chooseService(
  input: DiscoveryInput,
  fronting: readonly KubeObject[],
  providers: readonly BuiltIn[],
  isRouted: (service: string) => boolean,
): Found<KubeObject> {
  const named = input.annotations[ANNOTATION.service];
  if (named !== undefined) return serviceByName(input, named);
  const target = nameOf(input.target);
  if (fronting.length === 0) {
    return refused(
      REASON.NoService,
      `no Service selects the pods of Deployment ${target}, so there is no traffic to split; create a Service whose spec.selector matches the pod template's labels, or name provider "replicas", which needs none, in the annotation ${ANNOTATION.provider}.`,
    );
  }
  const routed = fronting.filter((service) => isRouted(nameOf(service)));
  const alone =
    input.annotations[ANNOTATION.route] === undefined && routelessProvider(providers) !== undefined;
  const candidates = routed.length === 0 && alone ? fronting : routed;
  const [only] = candidates;
  if (only === undefined)
    return refused(REASON.NoRoute, noRouteSentence(input, providers, namesOf(fronting)));
  if (candidates.length > 1) {
    const which = routed.length > 1 ? 'routes send to several Services' : 'there are several Services';
    return refused(
      REASON.SeveralServices,
      `${which} of Deployment ${target}: ${namesOf(candidates)}; name the one to split in the annotation ${ANNOTATION.service}.`,
    );
  }
  return found(only);
}

/** Kinds of route that users may have and Sluice does not read. */
const UNKNOWN_KINDS = ' (Sluice does not know IngressRoute, ApisixRoute and the like)';

/** Explains that no route is left; names the annotation if that excludes them. */
function noRouteSentence(
  { annotations, target }: DiscoveryInput,
  providers: readonly BuiltIn[],
  services: string,
): string {
  const sends = `sends to Service ${services} of Deployment ${nameOf(target)}`;
  const listed = annotations[ANNOTATION.route];
  if (listed !== undefined) {
    return `annotation ${ANNOTATION.route}: no ${kindsOf(providers)} that may be used and is called ${listed} ${sends}; correct the list.`;
  }
  const provider = annotations[ANNOTATION.provider];
  if (provider !== undefined && provider !== 'auto') {
    return `annotation ${ANNOTATION.provider}: no route of provider ${provider} ${sends}; correct the annotation, or create such a route in the same namespace.`;
  }
  return `no ${kindsOf(providers)} that may be used ${sends}${UNKNOWN_KINDS}; create one in the same namespace that names the Service, or name provider "replicas", which needs no route, in the annotation ${ANNOTATION.provider}.`;
}

/** The Service that an annotation names, if it selects a ready pod of the target. */
export function serviceByName(input: DiscoveryInput, name: string): Found<KubeObject> {
  const field = `annotation ${ANNOTATION.service}`;
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) {
    return refused(
      REASON.InvalidAnnotation,
      `${field}: "${name.slice(0, 80)}" is not the name of a Service; write the bare name of a Service in the target's namespace.`,
    );
  }
  const service = input.services.find((candidate) => nameOf(candidate) === name);
  if (service === undefined) {
    return refused(
      REASON.NoService,
      `${field}: Service ${name} does not exist in the target's namespace; create it, or name another.`,
    );
  }
  if (selectedPods(service, input).readyOfTarget.length === 0) {
    return refused(
      REASON.UnusableService,
      `${field}: Service ${name} selects no ready pod of Deployment ${nameOf(input.target)}; name a Service whose spec.selector matches the target's pods, and wait until one is ready.`,
    );
  }
  return found(service);
}

/** Why this Service cannot be the stable one; [] = it can. */
export function refuseService(service: KubeObject, input: DiscoveryInput): Refusal[] {
  const name = nameOf(service);
  const target = nameOf(input.target);
  const refusals: Refusal[] = [];
  if (getString(service, 'spec', 'type') === 'ExternalName') {
    const sentence = `spec.type of Service ${name} is ExternalName, so it has no pods; name a Service with a selector in the annotation ${ANNOTATION.service}.`;
    refusals.push({ reason: REASON.UnusableService, sentence });
  }
  const labels = templateLabels(input.target);
  const lost = Object.entries(selectorOf(service)).filter(([key, value]) => labels[key] !== value);
  if (lost.length > 0) {
    const list = lost.map(([key, value]) => `${key}=${value}`).join(', ');
    const sentence = `spec.selector of Service ${name} demands ${list}, which the new pod template of Deployment ${target} does not have, so promoted pods would get no traffic; keep the label in the template.`;
    refusals.push({ reason: REASON.UnusableService, sentence });
  }
  const others = new Set([...otherTargets(service, input), ...selectedPods(service, input).others]);
  if (others.size > 0) {
    const sentence = `Service ${name} also selects pods of ${[...others].join(', ')}, so the pods of Deployment ${target} cannot be judged alone; give each its own Service, or name another in the annotation ${ANNOTATION.service}.`;
    refusals.push({ reason: REASON.SharedService, sentence });
  }
  return refusals;
}

function otherTargets(service: KubeObject, input: DiscoveryInput): string[] {
  return input.deployments
    .filter(
      (other) =>
        other.metadata.uid !== input.target.metadata.uid &&
        other.metadata.annotations?.[ANNOTATION.policy] !== undefined &&
        mapSelects(selectorOf(service), templateLabels(other)),
    )
    .map((other) => `Deployment ${nameOf(other)}`);
}

/** Services, except the canary's own, that would send their traffic to canary pods. */
export function refuseSelectors(canaryLabels: Labels, input: DiscoveryInput): Refusal[] {
  return input.services
    .filter(
      (service) =>
        !isMadeFor(makerOf(input.target), service) && mapSelects(selectorOf(service), canaryLabels),
    )
    .map((service) => ({
      reason: REASON.UnusableService,
      sentence: `spec.selector of Service ${nameOf(service)} would also select the canary pods of Deployment ${nameOf(input.target)}, whatever the weight; narrow its selector.`,
    }));
}
