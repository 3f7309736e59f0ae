import type { KubeObject, OwnerReference } from '../../api/kube.ts';
import { isObject } from '../../lib/json.ts';
import { ANNOTATION, FINALIZER } from '../../api/names.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { liveOf, PROVIDERS, routesOf } from '../../providers/index.ts';
import { OFF } from '../../providers/provider.ts';
import type {
  Observation,
  PodShares,
  Provider,
  RouteOriginals,
  TrafficContext,
} from '../../providers/provider.ts';
import { NOTHING_WANTED, wantsOf } from '../../providers/shared/wants.ts';
import { isMadeFor } from '../canary/index.ts';
import type { Snapshot } from '../model.ts';
import type { CanaryFacts } from './canary.ts';
import { makerIn } from './maker.ts';
import type { WorkloadFacts } from './workload.ts';

export interface TrafficFacts {
  provider: Provider;
  context: TrafficContext;
  observation: Observation;
  /** nothing goes to the canary, or nothing is left that could send anything there */
  zero: boolean;
  /** the Release has the finalizer: a user's route is, or may be, edited */
  recorded: boolean;
}

/** The traffic a Release moves, as its own record names it; undefined if it moves none. */
export function trafficFacts(
  snapshot: Snapshot,
  release: Release | undefined,
  policy: ReleasePolicy | undefined,
  arms: { target: WorkloadFacts | undefined; canary: CanaryFacts },
): TrafficFacts | undefined {
  const traffic = release?.spec.traffic;
  const provider = Object.values(PROVIDERS).find((each) => each.name === traffic?.provider);
  if (release === undefined || traffic === undefined || provider === undefined) return undefined;
  const context: TrafficContext = {
    namespace: snapshot.key.namespace,
    target: snapshot.key.name,
    release: release.metadata.name,
    owner: owner(release),
    ...domainOf(snapshot),
    stableService:
      snapshot.services.find((each) => each.metadata.name === traffic.service) ?? gone(traffic.service ?? ''),
    canaryService: traffic.canaryService ?? '',
    routes: traffic.routes.flatMap((ref) =>
      routesOf(provider, snapshot).filter(
        (each) => each.kind === ref.kind && each.metadata.name === ref.name,
      ),
    ),
    made: madeBy(provider, snapshot),
    others: (provider.alsoReads ?? []).flatMap((kind) => liveOf(kind, snapshot)),
    originals: originalsOf(release),
    wants: policy === undefined ? NOTHING_WANTED : wantsOf(policy, snapshot.target?.metadata.annotations),
    ...(provider.steering.ownService ? {} : { pods: podShares(arms) }),
  };
  const observation = provider.observe(context);
  return {
    provider,
    context,
    observation,
    zero: provider.steering.isOff(observation) || provider.plan(context, OFF).length === 0,
    recorded: (release.metadata.finalizers ?? []).includes(FINALIZER),
  };
}

const domainOf = ({ config: { clusterDomain } }: Snapshot): Pick<TrafficContext, 'clusterDomain'> =>
  clusterDomain === undefined ? {} : { clusterDomain };

/** The Deployment that the Release is about, which may have been recreated since. */
function owner(release: Release): OwnerReference {
  const { name, uid } = release.spec.target;
  return { apiVersion: 'apps/v1', kind: 'Deployment', name, uid, blockOwnerDeletion: false };
}

function podShares({ target, canary }: Parameters<typeof trafficFacts>[3]): PodShares {
  const stable = (target?.replicaSets ?? []).flatMap(({ pods }) => pods);
  const ready = { canary: canary.remaining.filter(isReady).length, stable: stable.filter(isReady).length };
  return {
    canary: canary.ours ? canary.deployment?.object : undefined,
    names: canary.ours ? canary.answering : [],
    stable: target?.replicas ?? 0,
    ready,
  };
}

const isReady = ({ ready }: { ready: boolean }): boolean => ready;

/** A stand-in for a stable Service deleted during a release: its name is needed to clean up its routes. */
function gone(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name } };
}

/** Live objects that a provider made for this target, recognized by our labels and their owner. */
export function madeBy(provider: Provider, snapshot: Snapshot): KubeObject[] {
  if (provider.madeResource === undefined) return [];
  const maker = makerIn(snapshot);
  return liveOf(provider.madeResource, snapshot).filter((each) => isMadeFor(maker, each));
}

function originalsOf(release: Release): RouteOriginals | undefined {
  const text = release.metadata.annotations?.[ANNOTATION.routeOriginals];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
