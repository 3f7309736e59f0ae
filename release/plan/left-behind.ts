import { OFF } from '../../providers/provider.ts';
import { NOTHING_WANTED } from '../../providers/shared/wants.ts';
import { getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { REASON } from '../../api/reasons.ts';
import { liveOf, routesOf, PROVIDERS } from '../../providers/index.ts';
import type { Provider, TrafficContext } from '../../providers/provider.ts';
import { makerIn } from '../facts/maker.ts';
import type { Facts } from '../facts/facts.ts';
import { canaryServiceName, isMadeFor, mapSelects } from '../canary/index.ts';
import type { Action, Answer, Snapshot } from '../model.ts';
import { remove, urgent, writes } from '../actions.ts';
import { answer, POLL_MS } from '../answer.ts';
import { unfollow } from './following.ts';

/**
 * Removes what Sluice made and no running release accounts for (its Release was deleted by force): traffic first, then
 * the canary, then the copies that followed it.
 */
export function removeLeftBehind(facts: Facts): Answer | undefined {
  const made = Object.values(PROVIDERS).flatMap((provider) => strayRoutes(facts.snapshot, provider));
  const ours = facts.canary.ours ? facts.canary.deployment?.object : undefined;
  const services = facts.snapshot.services.filter((each) => isMadeFor(facts.maker, each));
  const rest = [
    ...remove('remove a canary', RESOURCES.deployments, ours),
    ...services.flatMap((each) => remove('remove a canary Service', RESOURCES.services, each)),
  ];
  const traffic = [...made, ...strayTraffic(facts.snapshot), ...strayPods(facts)];
  const serving = ours !== undefined && isShared(facts, ours) && facts.canary.ready.length > 0;
  const nothing = services.length === 0 && ours === undefined && facts.canary.remaining.length === 0;
  const last = nothing ? unfollow(facts) : rest;
  const actions = traffic.length > 0 || serving ? traffic : last;
  if (actions.length === 0 && !serving) return undefined;
  const sentence = 'What is left of a release that no longer exists is removed.';
  return answer({ reason: REASON.CleaningUp, sentence, actions, requeueAfterMs: POLL_MS });
}

/** Deletes what a provider made for this target: without it nothing goes to the canary. */
export const strayRoutes = (snapshot: Snapshot, { madeResource }: Provider): Action[] =>
  madeResource === undefined
    ? []
    : liveOf(madeResource, snapshot)
        .filter((each) => isMadeFor(makerIn(snapshot), each))
        .flatMap((object) => remove('remove a canary route', madeResource, object));

/**
 * Users' routes that still name a canary Service of ours. The finalizer keeps a Release until they are restored, but a
 * user may have removed it by hand, and the record with it. Then the weight that stable and canary have together goes
 * to stable.
 */
export function strayTraffic(snapshot: Snapshot, providers = Object.values(PROVIDERS)): Action[] {
  const maker = makerIn(snapshot);
  const made = snapshot.services.filter((each) => isMadeFor(maker, each));
  const stableOf = ({ metadata }: KubeObject) =>
    snapshot.services.find(
      (each) => !made.includes(each) && canaryServiceName(each.metadata.name) === metadata.name,
    );
  return made.flatMap((service) => {
    const stableService = stableOf(service);
    if (stableService === undefined) return [];
    return providers
      .filter(({ editsUserRoutes }) => editsUserRoutes)
      .flatMap((provider) => restoreStray(snapshot, provider, { stableService, made: service }));
  });
}

/** Canary pods that get their share without a router are scaled away before their Deployment is deleted. */
function strayPods(facts: Facts): Action[] {
  const { canary, key } = facts;
  const object = canary.ours ? canary.deployment?.object : undefined;
  if (object === undefined || canary.ready.length === 0) return [];
  if (canary.wanted === 0 || !isShared(facts, object)) return [];
  const ref = { resource: RESOURCES.deployments, namespace: key.namespace, name: canary.name };
  const patch = [
    { op: 'test' as const, path: '/metadata/uid', value: object.metadata.uid ?? '' },
    { op: 'add' as const, path: '/spec/replicas', value: 0 },
  ];
  return urgent(writes('take all traffic off a forgotten canary', [{ verb: 'jsonPatch', ref, patch }]));
}

/**
 * Does the canary get its share without a router? With a router, a Service that Sluice made stands in front of the
 * canary.
 */
function isShared({ snapshot, maker }: Facts, deployment: KubeObject): boolean {
  const labels = getStringMap(deployment, 'spec', 'template', 'metadata', 'labels');
  return !snapshot.services.some(
    (service) => isMadeFor(maker, service) && mapSelects(getStringMap(service, 'spec', 'selector'), labels),
  );
}

function restoreStray(
  snapshot: Snapshot,
  provider: Provider,
  { stableService, made }: { stableService: KubeObject; made: KubeObject },
): Action[] {
  const canaryService = made.metadata.name;
  const [owner] = made.metadata.ownerReferences ?? [];
  const maker = makerIn(snapshot);
  const routes = routesOf(provider, snapshot).filter(
    (route) => !isMadeFor(maker, route) && provider.names(route, canaryService),
  );
  const { key } = snapshot;
  if (owner === undefined || routes.length === 0) return [];
  const context: TrafficContext = {
    stableService,
    canaryService,
    namespace: key.namespace,
    target: key.name,
    release: '',
    owner,
    routes,
    made: [],
    originals: undefined,
    wants: NOTHING_WANTED,
  };
  const zero = provider.plan(context, OFF);
  return zero.length > 0
    ? urgent(writes('take all traffic off a forgotten canary', zero))
    : writes('restore a forgotten route', provider.cleanup(context));
}
