import type { Check } from './checks.ts';
import { PLAIN } from './errors.ts';
import { FAMILIES } from './families.ts';
import type { Group, Series } from './group.ts';
import { collect } from './group.ts';
import { latencyRun } from './latency.ts';
import { canaryTraffic, stableTraffic } from './traffic.ts';
import type { Numbers } from './watch.ts';
import { errorNumbers, errorTemplate, learnt, METRIC, Watch } from './watch.ts';

/** The cost of judging: windows judged per second on one core, and bytes kept for each metric. */

const BLOCKS = 15;
const BLOCK_MS = 400;
const BYTES = 'bytes';

const KINDS = {
  counts: {
    title: 'error rate without ranks',
    hour: (seed: number) => errorHour(false, seed),
    perSecond: 20_000,
    bytes: 4096,
  },
  ranks: {
    title: 'error rate with ranks',
    hour: (seed: number) => errorHour(true, seed),
    perSecond: 3000,
    bytes: 16_384,
  },
  latency: {
    title: 'latency without ranks, native histogram',
    hour: (seed: number) => latencyRun(false, seed),
    bytes: 4096,
  },
  latencyRanks: {
    title: 'latency with ranks, native histogram',
    hour: (seed: number) => latencyRun(true, seed),
    bytes: 16_384,
  },
} as const satisfies Record<
  string,
  { title: string; hour: (seed: number) => Hour; perSecond?: number; bytes: number }
>;

/** One release that can be judged repeatedly. */
export interface Hour {
  /** a watch that has learnt from history */
  watch: () => Watch;
  windows: readonly Numbers[];
}

export const COST_CHECKS: readonly Check[] = Object.entries(KINDS).flatMap(([id, kind]) => {
  const bytes: Check = {
    measure: 'most',
    name: kind.title,
    section: 'bytes of statistics per metric, the most in an hour of any seed',
    series: `${BYTES}/${id}`,
    bar: { atMost: kind.bytes },
  };
  if (!('perSecond' in kind)) return [bytes];
  const speed: Check = {
    measure: 'median',
    name: kind.title,
    section: 'windows judged per second on one core',
    series: `cost/${id}/perSecond`,
    bar: { atLeast: kind.perSecond },
  };
  return [speed, bytes];
});

/** The size of the statistics is the same on any machine; twenty seeds of the full number of runs. */
export const BYTES_GROUP: Group = {
  id: BYTES,
  share: 0.01,
  run: (seed) =>
    Object.fromEntries(Object.entries(KINDS).map(([id, { hour }]) => [id, mostBytes(hour(seed))])),
};

/** Judges one bursty hour repeatedly, with nothing else running. `scale` shortens the measurement. */
export function speedSeries(scale: number): Series {
  const series: Series = {};
  for (const [id, kind] of Object.entries(KINDS)) {
    if (!('perSecond' in kind)) continue;
    const release = kind.hour(1);
    judge(release);
    for (let block = 0; block < BLOCKS; block++)
      collect(series, { [`cost/${id}/perSecond`]: perSecond(release, BLOCK_MS * scale) });
  }
  return series;
}

/** Windows of 15 s. */
function errorHour(byPod: boolean, seed: number): Hour {
  const service = { ...PLAIN, family: FAMILIES.bb10, tickSeconds: 15 };
  const template = errorTemplate(service.tickSeconds);
  const stable = stableTraffic(service, ['cost', seed]);
  const from = learnt(template, seed, stable.history, byPod);
  return {
    watch: () => new Watch(template, seed).from(from),
    windows: canaryTraffic(service, ['cost', seed], 1).map((canary, tick) =>
      errorNumbers({ canary, stable: stable.live[tick]! }, { byPod }),
    ),
  };
}

function judge({ watch, windows }: Hour): void {
  const release = watch();
  for (const numbers of windows) release.look(numbers);
}

function mostBytes({ watch, windows }: Hour): number {
  const release = watch();
  const bytes = windows.map((numbers) => {
    release.look(numbers);
    return JSON.stringify(release.state.metrics[METRIC]).length;
  });
  return Math.max(...bytes);
}

function perSecond(hour: Hour, ms: number): number {
  const start = performance.now();
  let windows = 0;
  while (performance.now() - start < ms) {
    judge(hour);
    windows += hour.windows.length;
  }
  return (windows / (performance.now() - start)) * 1000;
}
