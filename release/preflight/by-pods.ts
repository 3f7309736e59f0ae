import { getObject } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import { PROVIDERS, type BuiltIn } from '../../providers/index.ts';
import type { Refusal } from '../../providers/provider.ts';
import { chooseSharedRewrite, ownerOf, rewriteLabels } from '../canary/index.ts';
import { burdenFor, refuseFronting } from './burden.ts';
import {
  frontingServices,
  refuseSelectors,
  refuseService,
  serviceByName,
  templateLabels,
} from './services.ts';
import { found, nameOf, refused, type Discovery, type DiscoveryInput, type Found } from './types.ts';

/**
 * For a back end without a router: every Service in front of the target has to select canary pods like stable ones. A
 * target may have none (workers of a queue).
 */
export function discoverByPods(input: DiscoveryInput, provider: BuiltIn): Discovery {
  if (input.annotations[ANNOTATION.route] !== undefined)
    return refused(REASON.NoRoute, routeSentence(provider));
  const fronting = frontingServices(input);
  const tooMany = refuseFronting(input.target, fronting);
  if (tooMany.length > 0) return { ok: false, refusals: tooMany };
  const chosen = mainService(input, fronting);
  if (!chosen.ok) return chosen;
  const rewrite = chooseSharedRewrite({
    template: getObject(input.target, 'spec', 'template') ?? {},
    selector: getObject(input.target, 'spec', 'selector') ?? {},
    services: fronting,
    burden: burdenFor(input),
  });
  const alone = input.services.filter((service) => !fronting.includes(service));
  const labels = rewriteLabels(templateLabels(input.target), rewrite);
  const refusals = [
    ...fronting.flatMap((service) => refuseService(service, input)),
    ...refuseSelectors(labels, { ...input, services: alone }),
    ...refuseProvider(input, provider),
  ];
  if (refusals.length > 0) return { ok: false, refusals };
  const stableService = chosen.value === undefined ? {} : { stableService: chosen.value };
  return { ok: true, traffic: { provider, ...stableService, routes: [], rewrite } };
}

/** The Service that represents all of them in the record: the one that the annotation names, else the first. */
function mainService(input: DiscoveryInput, fronting: readonly KubeObject[]): Found<KubeObject | undefined> {
  const named = input.annotations[ANNOTATION.service];
  return named === undefined ? found(fronting[0]) : serviceByName(input, named);
}

const routeSentence = (provider: BuiltIn): string =>
  `annotation ${ANNOTATION.route}: provider ${provider} splits no route; remove the annotation, or name another provider.`;

function refuseProvider(input: DiscoveryInput, provider: BuiltIn): Refusal[] {
  return PROVIDERS[provider].refuse({
    namespace: input.target.metadata.namespace ?? '',
    target: nameOf(input.target),
    release: '',
    owner: ownerOf(input.target),
    stableService: { apiVersion: 'v1', kind: 'Service', metadata: { name: '' } },
    canaryService: '',
    routes: [],
    made: [],
    originals: undefined,
    wants: input.wants,
  });
}
