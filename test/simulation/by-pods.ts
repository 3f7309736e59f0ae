import { getInteger, getObjects } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { World } from './world.ts';

/** `replicas`: canary pods behind the same Service as stable ones; `worker`: the same without any Service. */
export const BY_PODS = ['replicas', 'worker'] as const;

const NAMESPACE = 'shop';
const DEPLOYMENTS = 'deployments.apps';

export const isByPods = ({ provider }: World): boolean => BY_PODS.some((each) => each === provider);

/** Has the pod the canary's own label, or one that was added? */
export const isCanaryPod = ({ metadata: { labels = {} } }: KubeObject): boolean =>
  labels['app'] === 'web-canary' || labels['sluice.dev/track'] === 'canary';

function ready(world: World, canary: boolean): number {
  const pods = world.api.store.list('pods', NAMESPACE).filter((pod) => isCanaryPod(pod) === canary);
  return pods.filter(isReady).length;
}

export function isReady(pod: KubeObject): boolean {
  const conditions = getObjects(pod, 'status', 'conditions');
  const says = conditions.some((each) => each['type'] === 'Ready' && each['status'] === 'True');
  return says && pod.metadata.deletionTimestamp === undefined;
}

/** Percent of requests that canary pods get: requests are split among all ready pods. */
export function shareOfPods(world: World): number {
  const [mine, theirs] = [ready(world, true), ready(world, false)];
  return mine === 0 ? 0 : Math.round((10_000 * mine) / (mine + theirs)) / 100;
}

const replicasOf = (deployment: KubeObject | undefined): number =>
  deployment === undefined ? 0 : (getInteger(deployment, 'spec', 'replicas') ?? 1);

/** A user scales the canary so that it gets about this share. */
export function scaleCanary(world: World, weight: number): void {
  const stable = replicasOf(world.target());
  world.edit(DEPLOYMENTS, 'web-canary', (draft) => {
    (draft.spec as JsonObject)['replicas'] = Math.round((stable * weight) / (100 - weight));
  });
}

export const canaryWanted = (world: World): number => replicasOf(world.get(DEPLOYMENTS, 'web-canary'));

/**
 * The number of canary pods that comes nearest to the weight for that number of stable pods, found by trying
 * each.
 */
function nearest(weight: number, stable: number): number {
  const off = (pods: number) => Math.abs((100 * pods) / (pods + stable) - weight);
  let best = 1;
  for (let pods = 1; pods <= 4 * stable; pods++) if (off(pods) < off(best) - 1e-9) best = pods;
  return best;
}

/**
 * What is wrong with the number of canary pods directly after the controller scaled the canary, if anything.
 */
export function wrongNumber(world: World): string | undefined {
  const [newest] = world.releases();
  const wanted = canaryWanted(world);
  if (newest?.status === undefined || wanted === 0) return undefined;
  const steps = getObjects(newest.spec.policy, 'steps').slice(0, newest.status.step + 1);
  const stable = replicasOf(world.target());
  const most = Math.max(0, ...steps.map(({ weight }) => nearest(Number(weight), stable)));
  return wanted <= most ? undefined : `${wanted} canary pods beside ${stable} in step ${newest.status.step}`;
}
