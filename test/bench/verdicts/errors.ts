import type { AnalysisState, Verdict } from '../../../api/kinds/release/verdict.ts';
import type { BoundTemplate } from '../../../api/kinds/template/bound.ts';
import type { AnyFamilyId } from './families.ts';
import { ALL_FAMILIES, FAMILIES } from './families.ts';
import type { Group, Readings } from './group.ts';
import type { Minutes } from './peers.ts';
import { PEERS } from './peers.ts';
import type { Effect, PodCounts, Service, StableTraffic } from './traffic.ts';
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

/** How much worse the canary is, by the name used in its series. */
export type Effects = Readonly<Record<string, Effect>>;

export interface Plan {
  id: string;
  family?: AnyFamilyId;
  service?: Partial<Omit<Service, 'family'>>;
  effects: Effects;
  /** the same streams, judged without knowing the pod of each count */
  withoutPods?: readonly string[];
  /** only judged without knowing the pod of each count */
  byPod?: false;
  /** the same streams, judged by other controllers' methods; only for windows of a minute */
  peers?: readonly string[];
  /** does the displayed interval contain the truth at every look? */
  coverage?: readonly string[];
  /** when is the canary shown to be within the strict safe margin? */
  safe?: readonly string[];
  /** the judge is told that canary pods are cold in the first minutes */
  warmUpMinutes?: number;
  /** the judge is told that users stay with one version */
  sticky?: true;
  /** fields of the template that differ from the defaults */
  template?: TemplateChange;
  share?: number;
}

export function errorGroup(plan: Plan): Group {
  const service = { ...PLAIN, ...plan.service, family: ALL_FAMILIES[plan.family ?? 'iid'] };
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
  const known = plan.byPod ?? true;
  const from = learnt(template, seed, stable.history, known);
  const pooled = plan.withoutPods && learnt(template, seed, stable.history, false);
  const readings: Readings = {};
  for (const [name, effect] of Object.entries(plan.effects)) {
    const canary = canaryTraffic(service, key, effect);
    const hour = { canary, stable, from, byPod: known, ...truthOf(plan, name) };
    Object.assign(readings, readingsOf(plan, name, watchHour(run, hour)));
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

/** Absent: the interval is not looked at. */
function truthOf({ coverage, effects }: Plan, name: string): { truth?: number } {
  const effect = effects[name];
  return coverage?.includes(name) === true && typeof effect === 'number' ? { truth: effect } : {};
}

function readingsOf(plan: Plan, name: string, { rollback, safe, covered }: Watched): Readings {
  return {
    [`${name}/ours`]: rollback,
    ...(covered === undefined ? {} : { [`${name}/covered`]: covered }),
    ...(plan.safe?.includes(name) === true
      ? { [`${name}/safe`]: safe, [`${name}/safe15`]: safe <= SOON_MINUTES ? 1 : 0 }
      : {}),
  };
}

const SOON_MINUTES = 15;

interface Watched {
  /** minutes until the canary is rolled back, and until it is proven safe */
  rollback: number;
  safe: number;
  covered?: number;
}

interface Hour {
  canary: readonly PodCounts[];
  stable: StableTraffic;
  from: AnalysisState;
  byPod?: boolean;
  /** the true ratio, for the coverage of the interval: the looks continue after a rollback */
  truth?: number;
}

function watchHour(
  { plan, template, seed, service }: Run,
  { canary, stable, from, byPod = true, truth }: Hour,
): Watched {
  const watch = new Watch(template, seed).from(from);
  let [rollback, safe] = [Infinity, Infinity];
  let covered = truth === undefined ? undefined : 1;
  for (const [tick, counts] of canary.entries()) {
    const minute = (tick * service.tickSeconds) / 60;
    const verdict = watch.look(errorNumbers({ canary: counts, stable: stable.live[tick]! }, { byPod }), {
      ...(minute < (plan.warmUpMinutes ?? 0) ? { warming: true } : {}),
      ...(plan.sticky === true ? { sticky: true } : {}),
    });
    const end = minute + service.tickSeconds / 60;
    if (verdict.result === 'fail') rollback = Math.min(rollback, end);
    if (verdict.result === 'pass' && rollback === Infinity) safe = Math.min(safe, end);
    if (truth !== undefined && !holds(verdict, truth)) covered = 0;
    if (truth === undefined && rollback < Infinity) break;
  }
  return { rollback, safe, ...(covered === undefined ? {} : { covered }) };
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
