import type { AnalysisState } from '../../../api/kinds/release/verdict.ts';
import type { Histogram, LatencyHistory } from '../../../api/analysis.ts';
import { startStep } from '../../../analysis/judge/core/judge.ts';
import { quantile } from '../../../analysis/stats/histogram.ts';
import type { Group, Readings } from './group.ts';
import type { LatencyService, PodHistograms, Slowness, StableLatency } from './latency-traffic.ts';
import { added, BOUNDS, canaryLatency, histogram, stableLatency } from './latency-traffic.ts';
import type { LatencyNumbers } from './watch.ts';
import { templateOf, Watch } from './watch.ts';

/** Groups that watch latency at one weight for an hour, a window a minute. */

export interface LatencyPlan {
  id: string;
  service: Pick<LatencyService, 'layout' | 'drift' | 'bursts' | 'slowMode'>;
  effects: Readonly<Record<string, Slowness>>;
  share?: number;
  /** judged without knowing the pod of each histogram */
  byPod?: false;
  /** when is the canary shown to be within the safe margin? */
  safe?: readonly string[];
}

export function latencyGroup({ id, service: kind, effects, share, byPod, safe }: LatencyPlan): Group {
  const service: LatencyService = { ...kind, ...HOUR };
  return {
    id,
    ...(share === undefined ? {} : { share }),
    run: (seed) => {
      const stable = stableLatency(service, [id, seed]);
      const arms = stable.live.map((pods) => armOf(service.layout, pods));
      const from = learnt(seed, byPod === undefined ? stable.history : withoutPods(stable.history));
      const readings: Readings = {};
      for (const [name, slowness] of Object.entries(effects)) {
        const canary = canaryLatency(service, [id, seed], slowness);
        const watch = new Watch(TEMPLATE, seed).from(from);
        const windows = windowsOf({ canary, stable, arms });
        const end = watched(watch, byPod === undefined ? windows : windows.map(withoutPods));
        readings[`${name}/ours`] = end.rollback;
        if (safe?.includes(name) === true) readings[`${name}/safe`] = end.safe;
        readings[`${name}/naive`] = naive(canary, arms);
      }
      return readings;
    },
  };
}

const HOUR = { lookbackMinutes: 60, minutes: 60 };
const TEMPLATE = templateOf({ latency: { preset: 'auto' } }, 60);

/** One healthy release with slow bursts, to measure the cost of judging it. */
export function latencyRun(byPod: boolean, seed: number): { watch: () => Watch; windows: LatencyNumbers[] } {
  const service: LatencyService = { layout: 'native', drift: false, bursts: true, ...HOUR };
  const stable = stableLatency(service, ['cost', seed]);
  const arms = stable.live.map((pods) => armOf(service.layout, pods));
  const from = learnt(seed, byPod ? stable.history : withoutPods(stable.history));
  const windows = windowsOf({ canary: canaryLatency(service, ['cost', seed], {}), stable, arms });
  return {
    watch: () => new Watch(TEMPLATE, seed).from(from),
    windows: byPod ? windows : windows.map(withoutPods),
  };
}

function withoutPods<T extends { pods?: unknown }>(known: T): Omit<T, 'pods'> {
  const { pods, ...rest } = known;
  return pods === undefined ? known : rest;
}

function armOf(layout: Histogram['layout'], pods: PodHistograms): Histogram {
  return histogram(layout, added(Object.values(pods).map(({ counts }) => counts)));
}

/** Statistics that know stable's past and no canary request yet. */
function learnt(run: number, history: LatencyHistory): AnalysisState {
  const watch = new Watch(TEMPLATE, run);
  const none = histogram(history.layout, [...BOUNDS[history.layout].map(() => 0), 0]);
  watch.look({ kind: 'histograms', canary: none, stable: none, history });
  return startStep(watch.state, 0);
}

interface Arms {
  canary: readonly PodHistograms[];
  stable: StableLatency;
  /** stable's pods together */
  arms: readonly Histogram[];
}

function windowsOf({ canary, stable, arms }: Arms): LatencyNumbers[] {
  return canary.map((pods, minute) => ({
    kind: 'histograms',
    canary: Object.values(pods)[0]!,
    stable: arms[minute]!,
    pods: { canary: pods, stable: stable.live[minute]! },
  }));
}

function watched(watch: Watch, windows: readonly LatencyNumbers[]): { rollback: number; safe: number } {
  let safe = Infinity;
  for (const [minute, numbers] of windows.entries()) {
    const { result } = watch.look(numbers);
    if (result === 'fail') return { rollback: minute + 1, safe };
    if (result === 'pass') safe = Math.min(safe, minute + 1);
  }
  return { rollback: Infinity, safe };
}

const NAIVE_RATIO = 1.1;
const NAIVE_FAILURES = 5;

/** The rule of many dashboards: the 99th percentile is more than 10% above stable's, in five minutes. */
function naive(canary: readonly PodHistograms[], arms: readonly Histogram[]): number {
  let failures = 0;
  for (const [minute, pods] of canary.entries()) {
    const own = quantile(Object.values(pods)[0]!, 0.99) ?? 0;
    if (own > NAIVE_RATIO * (quantile(arms[minute]!, 0.99) ?? Infinity)) failures++;
    if (failures >= NAIVE_FAILURES) return minute + 1;
  }
  return Infinity;
}
