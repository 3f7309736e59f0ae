import type { History, LatencyHistory, Measurement, Window } from '../../api/analysis.ts';
import type { Issue } from '../../lib/result.ts';
import type { Reading, Sample } from './sample.ts';

/** One closed window with what was measured in it. */
export interface ClosedWindow {
  window: Window;
  measurements: Measurement[];
  /** index of the step that it was in, as the input says; absent: the input does not say */
  step?: number;
}

interface Open {
  endMs: number;
  readings: Map<string, Reading>;
  step: number | undefined;
}

const isoTime = (ms: number): string => new Date(ms).toISOString();

/**
 * Combines lines into windows: lines with the same end form one window. A window is closed once every metric is there, or
 * once a line has a later time.
 */
export class Windows {
  readonly #intervalMs: number;
  readonly #metrics: ReadonlySet<string>;
  readonly #history = new Map<string, History | LatencyHistory>();
  #open: Open | undefined;
  #untilMs = -Infinity;
  #step: number | undefined;

  constructor(intervalMs: number, metrics: ReadonlySet<string>) {
    this.#intervalMs = intervalMs;
    this.#metrics = metrics;
  }

  /** The windows that this line closes, at most two; or what is wrong with the line here. */
  add(sample: Sample): ClosedWindow[] | Issue {
    const problem = this.#problemOf(sample);
    if (problem !== undefined) return problem;
    const { endMs, metric, reading, history, step } = sample;
    if (metric !== undefined && history !== undefined) this.#history.set(metric, history);
    const later = endMs !== undefined && endMs !== this.#open?.endMs;
    const moved = step !== undefined && step !== this.#step;
    const closed = later || moved ? this.#close() : [];
    this.#step = step ?? this.#step;
    if (endMs === undefined || metric === undefined || reading === undefined) return closed;
    this.#open ??= { endMs, readings: new Map(), step: this.#step };
    this.#open.readings.set(metric, this.#withHistory(metric, reading));
    return this.#open.readings.size === this.#metrics.size ? [...closed, ...this.#close()] : closed;
  }

  /** The window that is still open when the input ends. */
  end(): ClosedWindow[] {
    return this.#close();
  }

  #problemOf({ endMs, metric, reading, step }: Sample): Issue | undefined {
    const now = this.#step ?? 0;
    if (step !== undefined && step < now) {
      const remedy = 'steps only go up; sort the input by time';
      return { path: 'step', value: String(step), message: `goes back from step ${now}`, remedy };
    }
    if (endMs === undefined || reading === undefined || metric === undefined) return undefined;
    if (endMs === this.#open?.endMs) return this.#clash(this.#open, metric, step);
    if (endMs > Math.max(this.#untilMs, this.#open?.endMs ?? -Infinity)) return undefined;
    const remedy = 'sort the input by t, and give each metric once per t';
    return { path: 't', value: isoTime(endMs), message: 'does not come after the window before it', remedy };
  }

  #clash({ endMs, readings }: Open, metric: string, step = this.#step): Issue | undefined {
    if (readings.has(metric)) {
      const remedy = 'give each metric once per t';
      return { path: 'metric', value: metric, message: `is there twice for ${isoTime(endMs)}`, remedy };
    }
    if (step === this.#step) return undefined;
    const remedy = 'begin a step with the first line of a window';
    return { path: 't', value: isoTime(endMs), message: 'is in two steps', remedy };
  }

  /** History belongs to the first numbers of its metric. */
  #withHistory(metric: string, reading: Reading): Reading {
    const history = this.#history.get(metric);
    if (history === undefined || reading.outcome !== 'ok') return reading;
    this.#history.delete(metric);
    if (reading.kind === 'counts' && !('bounds' in history)) return { ...reading, history };
    if (reading.kind === 'histograms' && 'bounds' in history) return { ...reading, history };
    return reading;
  }

  #close(): ClosedWindow[] {
    const open = this.#open;
    if (open === undefined) return [];
    const { endMs, step } = open;
    const window = { startMs: Math.max(endMs - this.#intervalMs, this.#untilMs), endMs };
    this.#open = undefined;
    this.#untilMs = endMs;
    const measurements = [...open.readings].map(([metric, reading]): Measurement => ({
      ...reading,
      metric,
      window,
    }));
    return [{ window, measurements, ...(step === undefined ? {} : { step }) }];
  }
}
