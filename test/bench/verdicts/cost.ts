import type { Check } from './checks.ts';
import { PLAIN } from './errors.ts';
import { FAMILIES } from './families.ts';
import type { Series } from './group.ts';
import { collect } from './group.ts';
import { latencyRun } from './latency.ts';
import { canaryTraffic, stableTraffic } from './traffic.ts';
import type { Numbers } from './watch.ts';
import { errorNumbers, errorTemplate, learnt, METRIC, Watch } from './watch.ts';

/** The cost of judging on one core: windows judged per second, and bytes kept for each metric. */

const BLOCKS = 9;
const BLOCK_MS = 400;

const KINDS = {
  counts: { title: 'error rate without ranks', hour: () => errorHour(false), perSecond: 20_000, bytes: 4096 },
  ranks: { title: 'error rate with ranks', hour: () => errorHour(true), perSecond: 3000, bytes: 16_384 },
  latency: {
    title: 'latency without ranks, native histogram',
    hour: () => latencyRun(false),
    bytes: 4096,
  },
  latencyRanks: {
    title: 'latency with ranks, native histogram',
    hour: () => latencyRun(true),
    bytes: 16_384,
  },
} as const satisfies Record<string, { title: string; hour: () => Hour; perSecond?: number; bytes: number }>;

/** One release that can be judged repeatedly. */
export interface Hour {
  /** a watch that has learnt from history */
  watch: () => Watch;
  windows: readonly Numbers[];
}

export const COST_CHECKS: readonly Check[] = Object.entries(KINDS).flatMap(([id, kind]) => {
  const base = { measure: 'median', name: kind.title } as const;
  const bytes: Check = {
    ...base,
    section: 'bytes of statistics per metric after an hour',
    series: `cost/${id}/bytes`,
    bar: { atMost: kind.bytes },
  };
  if (!('perSecond' in kind)) return [bytes];
  const speed: Check = {
    ...base,
    section: 'windows judged per second on one core',
    series: `cost/${id}/perSecond`,
    bar: { atLeast: kind.perSecond },
  };
  return [speed, bytes];
});

/** Judges one bursty hour repeatedly. `scale` shortens the measurement. */
export function costSeries(scale: number): Series {
  const series: Series = {};
  for (const [id, { hour }] of Object.entries(KINDS)) {
    const release = hour();
    judge(release);
    for (let block = 0; block < BLOCKS; block++) {
      const { perSecond, bytes } = measured(release, BLOCK_MS * scale);
      collect(series, { [`cost/${id}/perSecond`]: perSecond, [`cost/${id}/bytes`]: bytes });
    }
  }
  return series;
}

/** Windows of 15 s. */
function errorHour(byPod: boolean): Hour {
  const service = { ...PLAIN, family: FAMILIES.bb10, tickSeconds: 15 };
  const template = errorTemplate(service.tickSeconds);
  const stable = stableTraffic(service, ['cost', 1]);
  const from = learnt(template, 1, stable.history, byPod);
  return {
    watch: () => new Watch(template, 1).from(from),
    windows: canaryTraffic(service, ['cost', 1], 1).map((canary, tick) =>
      errorNumbers({ canary, stable: stable.live[tick]! }, { byPod }),
    ),
  };
}

/** Bytes of the metric's statistics at the end. */
function judge({ watch, windows }: Hour): number {
  const release = watch();
  for (const numbers of windows) release.look(numbers);
  return JSON.stringify(release.state.metrics[METRIC]).length;
}

function measured(hour: Hour, ms: number): { perSecond: number; bytes: number } {
  const start = performance.now();
  let [windows, bytes] = [0, 0];
  while (performance.now() - start < ms) {
    bytes = judge(hour);
    windows += hour.windows.length;
  }
  return { perSecond: (windows / (performance.now() - start)) * 1000, bytes };
}
