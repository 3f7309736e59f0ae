import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import { routesOf, PROVIDERS, type BuiltIn } from '../../providers/index.ts';
import type { Refusal } from '../../providers/provider.ts';
import { isMadeFor, makerOf } from '../canary/index.ts';
import { found, nameOf, namesOf, refused, type DiscoveryInput, type Found } from './types.ts';

export const BUILT_IN = Object.keys(PROVIDERS) as BuiltIn[];

/**
 * The back ends that may be used: for `auto` all that split routes, else the one that the annotation or policy names.
 */
export function allowedProviders(input: DiscoveryInput): Found<readonly BuiltIn[]> {
  const annotation = input.annotations[ANNOTATION.provider];
  const field =
    annotation === undefined ? 'spec.provider of the policy' : `annotation ${ANNOTATION.provider}`;
  const wanted = annotation ?? input.policyProvider;
  if (wanted === 'auto') return found(BUILT_IN.filter((name) => PROVIDERS[name].onlyByName !== true));
  const provider = BUILT_IN.find((name) => name === wanted);
  if (provider !== undefined) return found([provider]);
  return refused(
    REASON.InvalidAnnotation,
    `${field}: "${wanted.slice(0, 80)}" is not a provider; use one of auto, ${BUILT_IN.join(', ')}.`,
  );
}

/** The users' routes that a back end reads; never our own canary Ingresses. */
export function userRoutes(provider: BuiltIn, input: DiscoveryInput): KubeObject[] {
  return routesOf(PROVIDERS[provider], input).filter((route) => !isMadeFor(makerOf(input.target), route));
}

/** The only candidate provider, if it needs no route: then it was named, and works with an object of its own. */
export function routelessProvider(providers: readonly BuiltIn[]): BuiltIn | undefined {
  const [only, second] = providers;
  return only !== undefined && second === undefined && PROVIDERS[only].routeless === true ? only : undefined;
}

/** The kinds of route that these providers read, for sentences: "HTTPRoute or Ingress". */
export const kindsOf = (providers: readonly BuiltIn[]): string =>
  providers.flatMap((provider) => PROVIDERS[provider].routeResources.map(({ kind }) => kind)).join(' or ');

/** Names listed by the annotation; undefined without one. */
export function listedRoutes(input: DiscoveryInput): Found<string[] | undefined> {
  const text = input.annotations[ANNOTATION.route];
  if (text === undefined) return found(undefined);
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name));
  if (wrong === undefined) return found([...new Set(names)]);
  return refused(
    REASON.InvalidAnnotation,
    `annotation ${ANNOTATION.route}: "${wrong.slice(0, 80)}" is not the name of a route; write bare names from the target's namespace, separated by commas.`,
  );
}

/** The back end and its routes that name the Service; all of one back end, or those that the annotation lists. */
export function chooseRoutes(
  input: DiscoveryInput,
  service: string,
  scope: { providers: readonly BuiltIn[]; listed: readonly string[] | undefined },
): Found<{ provider: BuiltIn; routes: KubeObject[] }> {
  const { providers, listed } = scope;
  const choices = providers.map((provider) => ({
    provider,
    routes: userRoutes(provider, input).filter(
      (route) =>
        PROVIDERS[provider].names(route, service) && (listed === undefined || listed.includes(nameOf(route))),
    ),
  }));
  const usable = choices.filter(({ routes }) => routes.length > 0);
  const missing = (listed ?? []).filter(
    (name) => !usable.some(({ routes }) => routes.some((r) => nameOf(r) === name)),
  );
  if (missing.length > 0) {
    return refused(
      REASON.NoRoute,
      `annotation ${ANNOTATION.route}: no ${kindsOf(providers)} called ${missing.join(', ')} that sends to Service ${service} exists in the target's namespace; correct the list.`,
    );
  }
  const [first, second] = usable;
  const alone = routelessProvider(providers);
  if (first === undefined && alone !== undefined) return found({ provider: alone, routes: [] });
  if (first === undefined) {
    return refused(
      REASON.NoRoute,
      `no route for provider ${providers.join(' or ')} sends to Service ${service}; create one in the same namespace that names the Service, or name provider "replicas", which needs no route, in the annotation ${ANNOTATION.provider}.`,
    );
  }
  if (second === undefined) return found(first);
  const list = usable.map(({ provider, routes }) => `${provider} (${namesOf(routes)})`).join(', ');
  return refused(
    REASON.SeveralProviders,
    `routes of several providers send to Service ${service}: ${list}; choose one in the annotation ${ANNOTATION.provider}.`,
  );
}

/** Refuses routes that already send to the Service that Sluice is about to make. */
export function refuseCanaryRoutes(input: DiscoveryInput, canaryService: string): Refusal[] {
  return BUILT_IN.flatMap((provider) =>
    userRoutes(provider, input)
      .filter((route) => PROVIDERS[provider].names(route, canaryService))
      .map((route) => ({
        reason: REASON.RouteUnsupported,
        sentence: `${route.kind} ${nameOf(route)} already names Service ${canaryService}, which Sluice makes for a release and deletes after it; point the route elsewhere.`,
      })),
  );
}
