import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { overridesOf, profileOf } from './profile.ts';
import { leftElsewhere, refuse, ROUTES } from './refusals.ts';
import { trafficSplit } from './split.ts';
import { liveOwn, ownSplit, ownWeights, planOwn, removeOwn, type OwnSplit } from '../shared/own-object.ts';
import { linkerdPresets } from './presets.ts';
import type { Observation, Provider, TrafficContext } from '../provider.ts';
import { BY_ROUTES } from '../shared/steering.ts';

/** Linkerd's extension takes bare names; other meshes also take full ones. */
function names(split: KubeObject, service: string): boolean {
  const full = `${service}.${split.metadata.namespace ?? ''}.`;
  const isIt = (name: string | undefined) => name === service || name?.startsWith(full) === true;
  return (
    isIt(getString(split, 'spec', 'service')) ||
    getObjects(split, 'spec', 'backends').some((each) => isIt(getString(each, 'service')))
  );
}

function observe(context: TrafficContext): Observation {
  const stable = context.stableService.metadata.name;
  const split = ownSplit(trafficSplit, context);
  if (split === undefined) {
    const problem = `the TrafficSplit made for Service ${stable} was changed by someone else`;
    return { weight: undefined, acknowledged: 'unknown', problem };
  }
  const { weight } = split;
  if (liveOwn(context).some(isOfAnotherMesh)) return { weight, acknowledged: 'unknown' };
  const problem = notFollowed(context, split) ?? leftElsewhere(context);
  return problem === undefined
    ? { weight, acknowledged: 'yes' }
    : { weight, acknowledged: 'pending', problem };
}

/**
 * Versions that are not in Linkerd's own definition of a TrafficSplit: where one of them is written, another
 * mesh reads it.
 */
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

/** Linkerd with SMI: a TrafficSplit of our own, which Linkerd's SMI extension passes to the proxies. */
export const linkerd: Provider = {
  name: 'linkerd',
  title: 'Linkerd (SMI)',
  routeResources: [RESOURCES.trafficSplits],
  madeResource: RESOURCES.trafficSplits,
  alsoReads: [RESOURCES.trafficSplits, RESOURCES.serviceProfiles, ...ROUTES],
  routeless: true,
  editsUserRoutes: false,
  steering: BY_ROUTES,
  settleMs: 10_000,
  strategies: ['canary', 'blueGreen'],
  names,
  refuse,
  record: () => ({}),
  observe,
  plan: (context, split) => planOwn(trafficSplit, context, split),
  cleanup: (context) => removeOwn(trafficSplit, context),
  presets: () => linkerdPresets,
  allPresets: [linkerdPresets],
};
