import { getObject, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import { liveOf, PROVIDERS, type BuiltIn } from '../../providers/index.ts';
import type { Refusal, TrafficContext } from '../../providers/provider.ts';
import { canaryServiceName, chooseRewrite, mapSelects, ownerOf, rewriteLabels } from '../canary/index.ts';
import { discoverByPods } from './by-pods.ts';
import { allowedProviders, chooseRoutes, listedRoutes, refuseCanaryRoutes, userRoutes } from './routes.ts';
import { burdenFor, refuseBurden, refuseFronting } from './burden.ts';
import {
  chooseService,
  frontingServices,
  refuseSelectors,
  refuseService,
  templateLabels,
} from './services.ts';
import { nameOf, type Discovery, type DiscoveryInput, type Found, type Traffic } from './types.ts';

/**
 * Finds the Service in front of a target, the routes that name it, the back end that reads them and the label that will
 * tell canary pods from stable ones; or every reason why that cannot be done, each with a remedy. Only for the time
 * before a release begins: afterwards its record says what it moves.
 */
export function discoverTraffic(input: DiscoveryInput): Discovery {
  const tooMany = refuseBurden(input);
  if (tooMany.length > 0) return { ok: false, refusals: tooMany };
  const providers = allowedProviders(input);
  if (!providers.ok) return providers;
  const shared = providers.value.find((name) => !PROVIDERS[name].steering.ownService);
  if (shared !== undefined) return discoverByPods(input, shared);
  const chosen = chooseTraffic(input, providers.value);
  if (!chosen.ok) return chosen;
  const { fronting, ...traffic } = chosen.value;
  const labels = templateLabels(input.target);
  const choice = chooseRewrite({
    template: getObject(input.target, 'spec', 'template') ?? {},
    selector: getObject(input.target, 'spec', 'selector') ?? {},
    services: fronting.filter((service) => mapSelects(getStringMap(service, 'spec', 'selector'), labels)),
    burden: burdenFor(input, { stable: traffic.stableService, canary: traffic.canaryService }),
    ...(input.budget === undefined ? {} : { budget: input.budget }),
  });
  const refusals = [
    ...refuseService(traffic.stableService, input),
    ...(choice.ok ? refuseSelectors(rewriteLabels(labels, choice.rewrite), input) : [choice.refusal]),
    ...refuseRoutes(input, traffic),
  ];
  if (!choice.ok || refusals.length > 0) return { ok: false, refusals };
  return { ok: true, traffic: { ...traffic, rewrite: choice.rewrite } };
}

type Chosen = Required<Omit<Traffic, 'rewrite'>>;

function chooseTraffic(
  input: DiscoveryInput,
  providers: readonly BuiltIn[],
): Found<Chosen & { fronting: KubeObject[] }> {
  const listed = listedRoutes(input);
  if (!listed.ok) return listed;
  const fronting = frontingServices(input);
  const tooMany = refuseFronting(input.target, fronting);
  if (tooMany.length > 0) return { ok: false, refusals: tooMany };
  const isRouted = (service: string) =>
    providers.some((provider) =>
      userRoutes(provider, input).some(
        (route) => PROVIDERS[provider].names(route, service) && isListed(route),
      ),
    );
  const isListed = (route: KubeObject) => listed.value === undefined || listed.value.includes(nameOf(route));
  const service = chooseService(input, fronting, providers, isRouted);
  if (!service.ok) return service;
  const stableService = service.value;
  const scope = { providers, listed: listed.value };
  const routes = chooseRoutes(input, nameOf(stableService), scope);
  if (!routes.ok) return routes;
  const canaryService = canaryServiceName(nameOf(stableService));
  return { ok: true, value: { ...routes.value, stableService, canaryService, fronting } };
}

function refuseRoutes(input: DiscoveryInput, traffic: Chosen): Refusal[] {
  const context: TrafficContext = {
    namespace: input.target.metadata.namespace ?? '',
    target: nameOf(input.target),
    release: '',
    owner: ownerOf(input.target),
    stableService: traffic.stableService,
    canaryService: traffic.canaryService,
    routes: traffic.routes,
    made: [],
    others: (PROVIDERS[traffic.provider].alsoReads ?? []).flatMap((kind) => liveOf(kind, input)),
    originals: undefined,
    wants: input.wants,
    discovery: { classes: input.ingressClasses ?? [], named: isNamed(input) },
  };
  return [
    ...PROVIDERS[traffic.provider].refuse(context),
    ...refuseCanaryRoutes(input, traffic.canaryService),
  ];
}

/** Does an annotation or the policy name the back end? */
const isNamed = ({ annotations, policyProvider }: DiscoveryInput): boolean =>
  (annotations[ANNOTATION.provider] ?? policyProvider) !== 'auto';
