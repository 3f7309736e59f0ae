import type { AnalysisState, Verdict } from '../../../api/kinds/release/verdict.ts';
import type { BoundTemplate } from '../../../api/kinds/template/bound.ts';
import type { FamilyId } from './families.ts';
import { FAMILIES } from './families.ts';
import type { Group, Readings } from './group.ts';
import type { Minutes } from './peers.ts';
import { PEERS } from './peers.ts';
import type { PodCounts, Service, StableTraffic } from './traffic.ts';
import { canaryTraffic, stableTraffic, sum } from './traffic.ts';
import type { TemplateChange } from './watch.ts';
import { errorNumbers, errorTemplate, learnt, Watch } from './watch.ts';

/**
 * Groups that watch one weight for an hour: when would a healthy canary have been rolled back, and when a bad
 * one?
 */

export const PLAIN: Service = {
  family: FAMILIES.iid,
  pods: 19,
  podRps: 10,
  canaryPods: 1,
  canaryPodRps: 10,
  rate: 0.01,
  tickSeconds: 60,
  lookbackMinutes: 60,
  minutes: 60,
};

/** The factor of the canary's errors, by the name used in its series. */
export type Effects = Readonly<Record<string, number>>;

export interface Plan {
  id: string;
  family?: FamilyId;
  service?: Partial<Omit<Service, 'family'>>;
  effects: Effects;
  /** the same streams, judged without knowing the pod of each count */
  withoutPods?: readonly string[];
  /** the same streams, judged by other controllers' methods; only for windows of a minute */
  peers?: readonly string[];
  /** does the displayed interval contain the truth at every look? */
  coverage?: readonly string[];
  /** fields of the template that differ from the defaults */
  template?: TemplateChange;
  share?: number;
}

export function errorGroup(plan: Plan): Group {
  const service = { ...PLAIN, ...plan.service, family: FAMILIES[plan.family ?? 'iid'] };
  const template = errorTemplate(service.tickSeconds, plan.template);
  const share = plan.share === undefined ? {} : { share: plan.share };
  return { id: plan.id, ...share, run: (seed) => readRun({ plan, service, template, seed }) };
}

interface Run {
  plan: Plan;
  service: Service;
  template: BoundTemplate;
  seed: number;
}

function readRun(run: Run): Readings {
  const { plan, service, template, seed } = run;
  const key = [plan.id, seed];
  const stable = stableTraffic(service, key);
  const byPod = learnt(template, seed, stable.history);
  const pooled = plan.withoutPods && learnt(template, seed, stable.history, false);
  const readings: Readings = {};
  for (const [name, effect] of Object.entries(plan.effects)) {
    const canary = canaryTraffic(service, key, effect);
    const cover = plan.coverage?.includes(name) === true;
    const watched = watchHour(run, { canary, stable, from: byPod, ...(cover ? { truth: effect } : {}) });
    readings[`${name}/ours`] = watched.rollback;
    if (watched.covered !== undefined) readings[`${name}/covered`] = watched.covered;
    if (pooled !== undefined && plan.withoutPods?.includes(name) === true)
      readings[`${name}/withoutPods`] = watchHour(run, {
        canary,
        stable,
        from: pooled,
        byPod: false,
      }).rollback;
    if (plan.peers?.includes(name) === true) Object.assign(readings, peersOf(name, canary, stable));
  }
  return readings;
}

interface Hour {
  canary: readonly PodCounts[];
  stable: StableTraffic;
  from: AnalysisState;
  byPod?: boolean;
  /** the true ratio, for the coverage of the interval: the looks continue after a rollback */
  truth?: number;
}

function watchHour({ template, seed, service }: Run, { canary, stable, from, byPod = true, truth }: Hour) {
  const watch = new Watch(template, seed).from(from);
  let rollback = Infinity;
  let covered = truth === undefined ? undefined : 1;
  for (const [tick, counts] of canary.entries()) {
    const verdict = watch.look(errorNumbers({ canary: counts, stable: stable.live[tick]! }, { byPod }));
    if (verdict.result === 'fail') rollback = Math.min(rollback, ((tick + 1) * service.tickSeconds) / 60);
    if (truth !== undefined && !holds(verdict, truth)) covered = 0;
    if (truth === undefined && rollback < Infinity) break;
  }
  return { rollback, covered };
}

function holds({ numbers }: Verdict, truth: number): boolean {
  return (numbers['ratioLow'] ?? 0) <= truth && truth <= (numbers['ratioHigh'] ?? Infinity);
}

function peersOf(name: string, canary: readonly PodCounts[], stable: StableTraffic): Readings {
  const total = (pods: PodCounts) => sum(Object.values(pods));
  const minutes: Minutes = { canary: canary.map(total), stable: stable.live.map(total) };
  return Object.fromEntries(
    Object.entries(PEERS).map(([peer, { rollback }]) => [`${name}/${peer}`, rollback(minutes)]),
  );
}
