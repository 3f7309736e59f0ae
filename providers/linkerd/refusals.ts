import { getString, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { REASON } from '../../api/reasons.ts';
import { RESOURCES } from '../../api/resources.ts';
import { overridesOf, parentServices, profileOf, profilesOf } from './profile.ts';
import { trafficSplit } from './split.ts';
import { refuseTaken } from '../shared/own-object.ts';
import type { Refusal, TrafficContext } from '../provider.ts';

/** The SMI extension does not touch a ServiceProfile with this annotation, whatever its value. */
const SKIP = 'smi.linkerd.io/skip';

/** Every reason against a TrafficSplit of ours. */
export function refuse(context: TrafficContext): Refusal[] {
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

/** A TrafficSplit can only say which percent of all requests goes where. */
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
      `TrafficSplit ${metadata.name} already names Service ${stable}, and Sluice makes its own for a release; delete it.`,
    ),
  );
}

/** Proxies split only what is sent to the Service's own address. */
function refuseService({ stableService }: TrafficContext): Refusal[] {
  if (getString(stableService, 'spec', 'clusterIP') !== 'None') return [];
  return [
    unsupported(
      `spec.clusterIP of Service ${stableService.metadata.name} is None, so clients dial its pods themselves and Linkerd splits nothing; give it a cluster IP.`,
    ),
  ];
}

/**
 * The SMI extension overwrites what it finds in a profile, and deletes the profile when the TrafficSplit is
 * deleted.
 */
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
      `${name} has spec.dstOverrides, which Linkerd's SMI extension would overwrite and then delete; remove them (a deleted TrafficSplit may have left them).`,
    ),
  ];
}

/**
 * No overrides, or those of a TrafficSplit of ours that was deleted while the extension was down: everything
 * goes to stable.
 */
function isHarmless(context: TrafficContext, profile: KubeObject): boolean {
  const told = overridesOf(context.namespace, profile);
  const left = [...told.keys()].every((service) =>
    [context.stableService.metadata.name, context.canaryService].includes(service),
  );
  return told.size === 0 || (left && told.get(context.canaryService) === 0);
}

export const ROUTES = [RESOURCES.httpRoutes, RESOURCES.grpcRoutes];

/** A profile with overrides makes proxies ignore every route of the mesh for that Service. */
function refuseRoutes(context: TrafficContext): Refusal[] {
  const stable = context.stableService.metadata.name;
  return (context.others ?? [])
    .filter(({ kind }) => ROUTES.some((route) => route.kind === kind))
    .filter((route) => parentServices(route).includes(stable))
    .map(({ kind, metadata }) =>
      unsupported(
        `${kind} ${metadata.name} is attached to Service ${stable} and a TrafficSplit would make Linkerd ignore it; use provider gateway, which splits by that route.`,
      ),
    );
}

/**
 * A user changed spec.service of the TrafficSplit for a while: the extension never removes what it wrote
 * then.
 */
export function leftElsewhere(context: TrafficContext): string | undefined {
  const stray = profilesOf(context)
    .filter((profile) => profile !== profileOf(context, context.stableService.metadata.name))
    .find((profile) => overridesOf(context.namespace, profile).has(context.canaryService));
  if (stray === undefined) return undefined;
  return `ServiceProfile ${stray.metadata.name} sends to Service ${context.canaryService} too; remove its spec.dstOverrides`;
}
