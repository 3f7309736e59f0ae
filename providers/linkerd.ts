import { getNumber, getObjects, getString, getStringMap } from '../api/json.ts';
import type { KubeObject } from '../api/kube.ts';
import { REASON } from '../api/reasons.ts';
import { apiVersionOf, RESOURCES } from '../api/resources.ts';
import { overridesOf, parentServices, profileOf, profilesOf } from './linkerd-profile.ts';
import {
  liveOwn,
  ownMetadata,
  ownPercent,
  ownSplit,
  ownWeights,
  planOwn,
  refuseTaken,
  removeOwn,
  type OwnObject,
  type OwnSplit,
} from './own-object.ts';
import { linkerdPresets } from './presets.ts';
import { OFF } from './provider.ts';
import type { Observation, Provider, Refusal, TrafficContext } from './provider.ts';

/** The SMI extension leaves a ServiceProfile with this annotation, whatever its value, alone. */
const SKIP = 'smi.linkerd.io/skip';

/**
 * The stable Service is apex and leaf at once: what is sent to it, and only that, is shared out. Weights are whole
 * numbers, which every version takes, and always two: of one leaf Linkerd does not look at the weight.
 */
const trafficSplit: OwnObject = {
  resource: RESOURCES.trafficSplits,
  make: (context, { weight }, total) => {
    const service = context.stableService.metadata.name;
    const { stable, canary } = ownWeights(weight, total);
    return {
      apiVersion: apiVersionOf(RESOURCES.trafficSplits),
      kind: RESOURCES.trafficSplits.kind,
      metadata: ownMetadata(context),
      spec: {
        service,
        backends: [
          { service, weight: stable },
          { service: context.canaryService, weight: canary },
        ],
      },
    };
  },
  read: (context, live) => {
    const weightOf = (name: string) =>
      getNumber(
        getObjects(live, 'spec', 'backends').find(({ service }) => service === name),
        'weight',
      );
    const stable = weightOf(context.stableService.metadata.name);
    const canary = weightOf(context.canaryService);
    const weight = ownPercent(stable, canary);
    return weight === undefined ? undefined : { ...OFF, weight, total: (stable ?? 0) + (canary ?? 0) };
  },
};

const names = (split: KubeObject, service: string): boolean =>
  getString(split, 'spec', 'service') === service ||
  getObjects(split, 'spec', 'backends').some((each) => each['service'] === service);

function observe(context: TrafficContext): Observation {
  const stable = context.stableService.metadata.name;
  const split = ownSplit(trafficSplit, context);
  if (split === undefined) {
    const problem = `the TrafficSplit made for Service ${stable} was changed by somebody else`;
    return { weight: undefined, acknowledged: 'unknown', problem };
  }
  const { weight } = split;
  if (liveOwn(context).some(isOfAnotherMesh)) return { weight, acknowledged: 'unknown' };
  const problem = notFollowed(context, split) ?? leftElsewhere(context);
  return problem === undefined
    ? { weight, acknowledged: 'yes' }
    : { weight, acknowledged: 'pending', problem };
}

/** Versions that Linkerd's own definition of a TrafficSplit has not: where one of them is written, another mesh reads it. */
const OF_OTHERS: readonly string[] = ['v1alpha3', 'v1alpha4'];

/** The server notes the version of each write. */
function isOfAnotherMesh({ metadata }: KubeObject): boolean {
  const versions = getObjects(metadata, 'managedFields').map(
    (entry) => getString(entry, 'apiVersion')?.split('/')[1] ?? '',
  );
  return versions.length > 0 && versions.every((version) => OF_OTHERS.includes(version));
}

/** Proxies read the ServiceProfile that the SMI extension writes, not the TrafficSplit. */
function notFollowed(context: TrafficContext, { weight, total }: OwnSplit): string | undefined {
  const stable = context.stableService.metadata.name;
  const profile = profileOf(context, stable);
  const told = overridesOf(context.namespace, profile);
  if (liveOwn(context).length === 0) {
    return (told.get(context.canaryService) ?? 0) === 0
      ? undefined
      : `ServiceProfile ${profile?.metadata.name ?? ''} still sends to Service ${context.canaryService}`;
  }
  if (profile === undefined) {
    return `there is no ServiceProfile of Service ${stable}, which Linkerd's SMI extension makes for a TrafficSplit`;
  }
  const wanted = ownWeights(weight, total);
  const same =
    told.size === 2 &&
    told.get(stable) === wanted.stable &&
    told.get(context.canaryService) === wanted.canary;
  return same ? undefined : `ServiceProfile ${profile.metadata.name} does not hold these weights yet`;
}

/** Somebody changed spec.service of the TrafficSplit for a while: the extension never takes back what it wrote then. */
function leftElsewhere(context: TrafficContext): string | undefined {
  const stray = profilesOf(context)
    .filter((profile) => profile !== profileOf(context, context.stableService.metadata.name))
    .find((profile) => overridesOf(context.namespace, profile).has(context.canaryService));
  if (stray === undefined) return undefined;
  return `ServiceProfile ${stray.metadata.name} sends to Service ${context.canaryService} too; remove its spec.dstOverrides`;
}

function refuse(context: TrafficContext): Refusal[] {
  return [
    ...refuseSplits(context),
    ...refuseTaken(trafficSplit, context),
    ...refuseService(context),
    ...refuseProfile(context),
    ...[leftElsewhere(context)].flatMap((left) => (left === undefined ? [] : unsupported(`${left}.`))),
    ...refuseRoutes(context),
    ...refuseWants(context),
  ];
}

/** All that a TrafficSplit can say is how many of all requests go where. */
function refuseWants({ wants }: TrafficContext): Refusal[] {
  const unable: [unknown, string][] = [
    [
      wants.match,
      'spec.match of the policy: a TrafficSplit cannot choose requests by header or cookie; use provider gateway, or leave spec.match out.',
    ],
    [wants.mirror, 'spec.mirror of the policy: nothing in Linkerd copies requests; leave spec.mirror out.'],
    [
      wants.sticky,
      'spec.stickiness of the policy: a TrafficSplit cannot set cookies; use provider gateway, or leave spec.stickiness out.',
    ],
  ];
  return unable
    .filter(([wanted]) => wanted !== undefined)
    .map(([, sentence]) => ({ reason: REASON.StrategyUnsupported, sentence }));
}

const unsupported = (sentence: string): Refusal => ({ reason: REASON.RouteUnsupported, sentence });

function refuseSplits({ routes, stableService }: TrafficContext): Refusal[] {
  const stable = stableService.metadata.name;
  return routes.map(({ metadata }) =>
    unsupported(
      `TrafficSplit ${metadata.name} already names Service ${stable}, and Sluice makes one of its own for a release; delete it.`,
    ),
  );
}

/** Proxies split what is sent to the Service's own address. */
function refuseService({ stableService }: TrafficContext): Refusal[] {
  if (getString(stableService, 'spec', 'clusterIP') !== 'None') return [];
  return [
    unsupported(
      `spec.clusterIP of Service ${stableService.metadata.name} is None, so clients dial its pods themselves and Linkerd splits nothing; give it a cluster IP.`,
    ),
  ];
}

/** The SMI extension overwrites what it finds in a profile and, when the TrafficSplit goes, deletes it. */
function refuseProfile(context: TrafficContext): Refusal[] {
  const profile = profileOf(context, context.stableService.metadata.name);
  if (profile === undefined) return [];
  const name = `ServiceProfile ${profile.metadata.name}`;
  if (getStringMap(profile, 'metadata', 'annotations')[SKIP] !== undefined) {
    return [
      unsupported(
        `${name} has the annotation ${SKIP}, so Linkerd's SMI extension would ignore the TrafficSplit; remove the annotation.`,
      ),
    ];
  }
  if (isHarmless(context, profile)) return [];
  return [
    unsupported(
      `${name} has spec.dstOverrides, which Linkerd's SMI extension would overwrite and then delete; remove them (they may be left from a TrafficSplit that is gone).`,
    ),
  ];
}

/** No overrides, or those that a TrafficSplit of ours left when the extension was down: everything goes to stable. */
function isHarmless(context: TrafficContext, profile: KubeObject): boolean {
  const told = overridesOf(context.namespace, profile);
  const left = [...told.keys()].every((service) =>
    [context.stableService.metadata.name, context.canaryService].includes(service),
  );
  return told.size === 0 || (left && told.get(context.canaryService) === 0);
}

const ROUTES = [RESOURCES.httpRoutes, RESOURCES.grpcRoutes];

/** A profile with overrides puts every route of the mesh for that Service out of force. */
function refuseRoutes(context: TrafficContext): Refusal[] {
  const stable = context.stableService.metadata.name;
  return (context.others ?? [])
    .filter(({ kind }) => ROUTES.some((route) => route.kind === kind))
    .filter((route) => parentServices(route).includes(stable))
    .map(({ kind, metadata }) =>
      unsupported(
        `${kind} ${metadata.name} is attached to Service ${stable} and a TrafficSplit would put it out of force; use provider gateway, which splits by that route.`,
      ),
    );
}

/** Linkerd by SMI: a TrafficSplit of our own, which Linkerd's SMI extension hands on to the proxies. */
export const linkerd: Provider = {
  name: 'linkerd',
  routeResources: [RESOURCES.trafficSplits],
  madeResource: RESOURCES.trafficSplits,
  alsoReads: [RESOURCES.trafficSplits, RESOURCES.serviceProfiles, ...ROUTES],
  routeless: true,
  editsUserRoutes: false,
  settleMs: 10_000,
  strategies: ['canary', 'blueGreen'],
  names,
  refuse,
  record: () => ({}),
  observe,
  plan: (context, split) => planOwn(trafficSplit, context, split),
  cleanup: (context) => removeOwn(trafficSplit, context),
  presets: () => linkerdPresets,
};
