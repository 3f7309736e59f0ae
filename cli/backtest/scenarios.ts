import { historyMs } from '../../analysis/measure/prometheus/lookback.ts';
import type { Plant } from '../../analysis/replay/plant.ts';
import { touches } from '../../analysis/replay/plant.ts';
import { childSeed } from '../../analysis/replay/random.ts';
import { seeded } from '../../lib/random.ts';
import type { Plan } from '../../analysis/replay/ladder.ts';
import type { Recording } from '../../analysis/replay/recording.ts';
import { sizeOf, sumOf } from '../../analysis/replay/recording.ts';
import { summarize, type Summary } from '../../analysis/replay/summary.ts';
import { play, type Outcome } from '../../analysis/replay/trial.ts';
import { formatDuration } from '../../lib/duration.ts';
import { UsageError } from '../io.ts';

/** What is planted, in the order of the report. */
const PLANTS: readonly { name: string; plant: Plant }[] = [
  { name: 'nothing (A/A)', plant: { kind: 'none' } },
  { name: 'errors ×1.5', plant: { kind: 'errorFactor', factor: 1.5 } },
  { name: 'errors ×2', plant: { kind: 'errorFactor', factor: 2 } },
  { name: 'errors ×3', plant: { kind: 'errorFactor', factor: 3 } },
  { name: 'errors ×10', plant: { kind: 'errorFactor', factor: 10 } },
  { name: 'errors +1 point', plant: { kind: 'errorShare', share: 0.01 } },
  { name: 'latency ×1.3', plant: { kind: 'latencyFactor', factor: 1.3 } },
  { name: 'latency ×1.5', plant: { kind: 'latencyFactor', factor: 1.5 } },
];

/** A release is played for at most this long. */
const HORIZON_MS = 60 * 60_000;
/** Less history than this is not enough to calibrate. */
const LEAST_HISTORY_MS = 30 * 60_000;

export interface Scenario {
  name: string;
  plant: Plant;
  outcomes: Outcome[];
  summary: Summary;
}

export interface Schedule {
  /** first windows of the trials, and the seed of each */
  starts: { start: number; seed: number }[];
  horizon: number;
  /** how many releases fit into the range one after the other: the result is worth only as many independent trials */
  independent: number;
}

/** Random starts, with as much history before them as the range allows. Throws a UsageError if it is too short. */
export function schedule(recording: Recording, runs: number, seed: number): Schedule {
  const { tickMs, length } = recording;
  const horizon = Math.floor(HORIZON_MS / tickMs);
  const least = Math.floor(LEAST_HISTORY_MS / tickMs);
  if (length < horizon + least) {
    const has = formatDuration(length * tickMs);
    throw new UsageError(
      `--from: there is only ${has} of history; give a range of at least 2h, better a day or a week`,
    );
  }
  // the longest history, which is asked for with the fewest pods
  const wanted = Math.floor(historyOf(1) / tickMs);
  const lead = Math.max(least, Math.min(wanted, Math.floor((length - horizon) / 2)));
  const random = seeded(childSeed(seed, 0));
  const starts = Array.from({ length: runs }, (_, i) => ({
    start: lead + Math.floor(random() * (length - horizon - lead + 1)),
    seed: childSeed(seed, i + 1),
  }));
  return { starts, horizon, independent: Math.max(1, Math.floor((length - lead) / horizon)) };
}

export interface Replay {
  recording: Recording;
  plan: Plan;
  schedule: Schedule;
  stop: AbortSignal;
  progress: (share: number) => void;
}

/** Every plant that can show in this recording, played from the same starts with the same splits. */
export async function replay({
  recording,
  plan,
  schedule: when,
  stop,
  progress,
}: Replay): Promise<Scenario[]> {
  const usable = PLANTS.filter(({ plant }) => plant.kind === 'none' || canShow(plant, recording));
  const scenarios: Scenario[] = [];
  for (const [done, { name, plant }] of usable.entries()) {
    const outcomes: Outcome[] = [];
    for (const { start, seed } of when.starts) {
      if (stop.aborted) return scenarios;
      outcomes.push(
        play({ recording, plan, start, seed, plant, horizon: when.horizon, historyMs: historyOf }),
      );
      progress((done + outcomes.length / when.starts.length) / usable.length);
      await turn();
    }
    scenarios.push({ name, plant, outcomes, summary: summarize(outcomes) });
  }
  return scenarios;
}

/** The length of history that the controller asks for. */
function historyOf(pods: number): number {
  return historyMs(pods === 0 ? Infinity : pods);
}

/** Lets the process handle signals. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function canShow(plant: Plant, { metrics }: Recording): boolean {
  const touched = metrics.filter((metric) => touches(plant, metric));
  if (plant.kind !== 'errorFactor') return touched.length > 0;
  // a multiple of no errors is still none
  return touched.some(({ whole }) => whole.some(([, bad = 0]) => bad > 0));
}

/** How busy stable is, over the whole range. */
export interface Traffic {
  requestsPerMinute: number;
  /** 0…1; absent without an error rate */
  errorRate?: number;
}

export function trafficOf(recording: Recording): Traffic {
  const { metrics, tickMs, length } = recording;
  const minutes = (length * tickMs) / 60_000;
  const errors = metrics.find(({ kind }) => kind === 'counts');
  const [good = 0, bad = 0] = sumOf(errors?.whole ?? []);
  const total = sizeOf(sumOf((errors ?? metrics[0])?.whole ?? []));
  return {
    requestsPerMinute: total / minutes,
    ...(errors === undefined ? {} : { errorRate: bad / Math.max(1, good + bad) }),
  };
}
