import { getNumber, getObjects, getString, getStringMap } from '../api/json.ts';
import type { KubeObject } from '../api/kube.ts';
import { REASON } from '../api/reasons.ts';
import { apiVersionOf, RESOURCES } from '../api/resources.ts';
import { overridesOf, parentServices, profileOf } from './linkerd-profile.ts';
import {
  liveOwn,
  ownMetadata,
  ownPercent,
  planOwn,
  refuseTaken,
  removeOwn,
  type OwnObject,
} from './own-object.ts';
import { linkerdPresets } from './presets.ts';
import type { Observation, Provider, Refusal, TrafficContext } from './provider.ts';
import { FULL } from './weights.ts';

/** The SMI extension leaves a ServiceProfile with this annotation, whatever its value, alone. */
const SKIP = 'smi.linkerd.io/skip';

/**
 * The stable Service is apex and leaf at once: what is sent to it, and only that, is shared out. Weights are whole
 * numbers, which every version takes.
 */
const trafficSplit: OwnObject = {
  resource: RESOURCES.trafficSplits,
  make: (context, weight) => {
    const stable = context.stableService.metadata.name;
    return {
      apiVersion: apiVersionOf(RESOURCES.trafficSplits),
      kind: RESOURCES.trafficSplits.kind,
      metadata: ownMetadata(context),
      spec: {
        service: stable,
        backends: [
          { service: stable, weight: FULL - weight },
          { service: context.canaryService, weight },
        ],
      },
    };
  },
  percentIn: (context, live) =>
    getNumber(
      getObjects(live, 'spec', 'backends').find(({ service }) => service === context.canaryService),
      'weight',
    ),
};

const names = (split: KubeObject, service: string): boolean =>
  getString(split, 'spec', 'service') === service ||
  getObjects(split, 'spec', 'backends').some((each) => each['service'] === service);

function observe(context: TrafficContext): Observation {
  const stable = context.stableService.metadata.name;
  const weight = ownPercent(trafficSplit, context);
  if (weight === undefined) {
    const problem = `the TrafficSplit made for Service ${stable} was changed by somebody else`;
    return { weight, acknowledged: 'unknown', problem };
  }
  const problem = notFollowed(context, weight);
  return problem === undefined
    ? { weight, acknowledged: 'yes' }
    : { weight, acknowledged: 'pending', problem };
}

/** Proxies read the ServiceProfile that the SMI extension writes, not the TrafficSplit. */
function notFollowed(context: TrafficContext, weight: number): string | undefined {
  const stable = context.stableService.metadata.name;
  const profile = profileOf(context, stable);
  const told = overridesOf(profile);
  if (liveOwn(context).length === 0) {
    return (told.get(context.canaryService) ?? 0) === 0
      ? undefined
      : `ServiceProfile ${profile?.metadata.name ?? ''} still sends to Service ${context.canaryService}`;
  }
  if (profile === undefined) {
    return `there is no ServiceProfile of Service ${stable}, which Linkerd's SMI extension makes for a TrafficSplit`;
  }
  const same =
    told.size === 2 && told.get(stable) === FULL - weight && told.get(context.canaryService) === weight;
  return same ? undefined : `ServiceProfile ${profile.metadata.name} does not hold these weights yet`;
}

function refuse(context: TrafficContext): Refusal[] {
  return [
    ...refuseSplits(context),
    ...refuseTaken(trafficSplit, context),
    ...refuseService(context),
    ...refuseProfile(context),
    ...refuseRoutes(context),
  ];
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
  if (getObjects(profile, 'spec', 'dstOverrides').length === 0) return [];
  return [
    unsupported(
      `${name} has spec.dstOverrides, which Linkerd's SMI extension would overwrite and then delete; remove them (they may be left from a TrafficSplit that is gone).`,
    ),
  ];
}

/** A profile with overrides puts every route of the mesh for that Service out of force. */
function refuseRoutes(context: TrafficContext): Refusal[] {
  const stable = context.stableService.metadata.name;
  return (context.others ?? [])
    .filter(({ kind }) => kind === RESOURCES.httpRoutes.kind)
    .filter((route) => parentServices(route).includes(stable))
    .map(({ metadata }) =>
      unsupported(
        `HTTPRoute ${metadata.name} is attached to Service ${stable} and a TrafficSplit would put it out of force; use provider gateway, which splits by that route.`,
      ),
    );
}

/** Linkerd by SMI: a TrafficSplit of our own, which Linkerd's SMI extension hands on to the proxies. */
export const linkerd: Provider = {
  name: 'linkerd',
  routeResources: [RESOURCES.trafficSplits],
  madeResource: RESOURCES.trafficSplits,
  alsoReads: [RESOURCES.trafficSplits, RESOURCES.serviceProfiles, RESOURCES.httpRoutes],
  routeless: true,
  editsUserRoutes: false,
  settleMs: 10_000,
  strategies: ['canary'],
  names,
  refuse,
  record: () => ({}),
  observe,
  plan: (context, { weight }) => planOwn(trafficSplit, context, weight),
  cleanup: (context) => removeOwn(trafficSplit, context),
  presets: () => linkerdPresets,
};
