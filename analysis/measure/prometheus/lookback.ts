import type { Window } from '../../../api/analysis.ts';
import type { Series } from './answer.ts';
import { firstSeen } from './deltas.ts';
import type { PrometheusClient } from './client.ts';
import { askOverRange } from './over-range.ts';
import { timesOf } from './timeline.ts';

/** Reads hours of samples in pieces that are small enough for the client's limit on answers. */

const MINUTE_MS = 60_000;
/** Enough for a quarter of a gigabyte of answers. A history that would need more is not read. */
const MOST_EXCHANGES = 64;

/** `count` windows of `tickMs` each, the first from `startMs` on. */
export interface Ticks {
  startMs: number;
  tickMs: number;
  count: number;
}

/** The fewer pods there are to learn from, the longer the history has to be. */
export function historyMs(pods: number): number {
  if (pods >= 19) return 60 * MINUTE_MS;
  return (pods >= 10 ? 120 : 180) * MINUTE_MS;
}

/** The windows of the same length as this one that fit into the time before it. */
export function ticksBefore({ startMs, endMs }: Window, spanMs: number): Ticks {
  const tickMs = endMs - startMs;
  const count = Math.max(1, Math.floor(spanMs / tickMs));
  return { startMs: startMs - count * tickMs, tickMs, count };
}

/** Index of the window that contains this time. */
export function tickOf(timeMs: number, { startMs, tickMs }: Ticks): number {
  return Math.ceil((timeMs - startMs) / tickMs) - 1;
}

/** Rough sizes in JSON: labels of a series, a sample, a bucket of a native histogram. */
const BYTES = { series: 300, sample: 28, bucket: 56 };
/** A quarter of the client's limit: the estimate is rough, and samples take several times as much in memory. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** How many bytes of JSON a millisecond of these series takes. */
export function bytesPerMs(
  { series, lookbackMs }: { series: readonly Series[]; lookbackMs: number },
  { startMs, endMs }: Window,
): number {
  const bytes = series.reduce((sum, { samples, histograms = [] }) => {
    const buckets = histograms.reduce((filled, each) => filled + each.buckets.length, 0);
    const points = samples.length + histograms.length;
    return sum + BYTES.series + points * BYTES.sample + buckets * BYTES.bucket;
  }, 0);
  return bytes / (endMs - startMs + lookbackMs);
}

export interface PieceOptions {
  client: PrometheusClient;
  ticks: Ticks;
  /** the bytes to expect from all queries together */
  bytesPerMs: number;
}

/**
 * Part of the time: what each query returned (each series with the sample before this part), and the sources seen until
 * its end.
 */
export interface Piece {
  window: Window;
  answers: Series[][];
  seen: ReadonlyMap<string, number>;
}

/**
 * Hands the pieces to `take` in the order of time; `take` returns whether to continue. Resolves to false if `take`
 * stopped it, or if Prometheus did not answer.
 */
export async function eachPiece(
  queries: readonly string[],
  { client, ticks, bytesPerMs: expected }: PieceOptions,
  take: (piece: Piece) => boolean,
): Promise<boolean> {
  const carries = queries.map(() => new Carry());
  const seen = new Map<string, number>();
  let done = 0;
  let size = Math.max(1, Math.floor(PIECE_BYTES / (expected * ticks.tickMs)));
  for (let exchanges = 0; done < ticks.count; exchanges++) {
    if (exchanges === MOST_EXCHANGES) return false;
    const startMs = ticks.startMs + done * ticks.tickMs;
    const count = Math.min(size, ticks.count - done);
    const window = { startMs, endMs: startMs + count * ticks.tickMs };
    const reach = { tickMs: ticks.tickMs, ...(done === 0 ? {} : { lookbackMs: 0 }), bulk: true };
    const found = await Promise.all(queries.map((query) => askOverRange(client, query, window, reach)));
    const failure = found.find((answer) => !answer.ok);
    if (failure?.tooLarge === true && count > 1) {
      size = Math.ceil(count / 2);
      continue;
    }
    if (failure !== undefined) return false;
    const answers = found.map((answer, i) => (answer.ok ? (carries[i]?.extend(answer.series) ?? []) : []));
    for (const [source, timeMs] of firstSeen(answers.flat().map(timesOf))) {
      seen.set(source, Math.min(timeMs, seen.get(source) ?? Infinity));
    }
    if (!take({ window, answers, seen })) return false;
    done += count;
  }
  return true;
}

/** The last sample of every series so far. */
class Carry {
  readonly #last = new Map<string, Series>();

  /** Puts the last sample of each series in front of its next samples. */
  extend(all: readonly Series[]): Series[] {
    return all.map((series) => {
      const key = JSON.stringify(series.labels);
      const before = this.#last.get(key);
      const whole = before === undefined ? series : joined(before, series);
      this.#last.set(key, lastOf(whole));
      return whole;
    });
  }
}

function joined(before: Series, after: Series): Series {
  const samples = follow(before.samples, after.samples);
  const histograms = follow(before.histograms ?? [], after.histograms ?? []);
  return { labels: after.labels, samples, ...(histograms.length === 0 ? {} : { histograms }) };
}

/** Two pieces may both hold the sample at the very end of the first. */
function follow<T extends { timeMs: number }>(before: readonly T[], after: readonly T[]): T[] {
  const endMs = before.at(-1)?.timeMs ?? -Infinity;
  return [...before, ...after.filter(({ timeMs }) => timeMs > endMs)];
}

function lastOf({ labels, samples, histograms }: Series): Series {
  const last = { labels, samples: samples.slice(-1) };
  return histograms === undefined ? last : { ...last, histograms: histograms.slice(-1) };
}
