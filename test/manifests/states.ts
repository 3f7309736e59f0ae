import type { KubeObject } from '../../api/kube.ts';
import type { HoldMode } from '../../release/model.ts';
import { EVENTS } from '../simulation/scenario.ts';
import { World } from '../simulation/world.ts';

/** A target and its newest Release at the same moment. */
export interface State {
  hold: HoldMode;
  /** phase of the Release */
  phase: string;
  target: KubeObject;
  release: KubeObject | undefined;
  route: KubeObject | undefined;
}

/**
 * Every state of targets, Releases and routes while versions are promoted and rolled back, written by the
 * real controller and the real workloads of the playground.
 */
export async function statesOf(hold: HoldMode): Promise<State[]> {
  const world = new World({ hold });
  const states: State[] = [];
  let last = '';
  const look = (): boolean => {
    const target = world.target();
    const release = world.newest() as unknown as KubeObject | undefined;
    const seen = `${target?.metadata.resourceVersion ?? ''} ${release?.metadata.resourceVersion ?? ''}`;
    if (target === undefined || seen === last) return false;
    last = seen;
    const route = world.get('httproutes.gateway.networking.k8s.io', 'web');
    states.push({ hold, phase: world.newest()?.status?.phase ?? 'none', target, release, route });
    return false;
  };
  await world.until(look, 20_000);
  for (const [version, end] of [
    ['good', 'Promoted/Promoted'],
    ['bad', 'RolledBack/HarmDetected'],
  ]) {
    EVENTS['release']?.(world, version ?? '');
    const ended = (): boolean => look() || world.phase() === end;
    if (!(await world.until(ended, 600_000))) throw new Error(`${hold}: ${version} ends ${world.phase()}`);
    await world.until(look, 5_000);
  }
  return states;
}
