import { targetKey, type TargetKey } from '../../api/target-key.ts';
import type { BadOutcome, Measurement } from '../../api/analysis.ts';
import { metricsOf } from '../../api/bound.ts';
import type { MeasureJob, MeasureResult } from '../../api/measuring.ts';
import { FairQueue } from './fair-queue.ts';

/** What a reconcile needs of measurements. */
export interface Measurements {
  /** starts a job, unless the same window is being measured already; replaces another job of the same target */
  submit(job: MeasureJob): void;
  /** newest finished job of the target */
  measured(key: TargetKey): MeasureResult | undefined;
  /** a job of the target is running */
  measuring(key: TargetKey): boolean;
  /** the target is gone */
  forget(key: TargetKey): void;
}

export interface BoardOptions {
  measure: (job: MeasureJob) => Promise<Measurement[]>;
  /** called with the target's key when there is a new result */
  onResult: (key: TargetKey) => void;
  /** `measure` does not reject in normal operation; a rejection is a bug, reported here */
  onBug: (error: unknown, key: TargetKey) => void;
  /** called with the time that a job waited for its turn */
  onWait?: (namespace: string, ms: number) => void;
  now: () => number;
  /** calls back after that time; returns a function that cancels it */
  after: (ms: number, fn: () => void) => () => void;
}

/** Each job asks a handful of queries, and holds their answers until it ends. */
const JOBS = { concurrency: 64, each: 8 };
/** A job that has not ended by then counts as one without data: nothing may keep the judge waiting for longer. */
export const DEADLINE_MS = 3 * 60_000;

interface Running {
  job: MeasureJob;
  sinceMs: number;
  cancel: () => void;
}

/** Keeps the running jobs and the newest result of each target. After a crash both are lost, and measured again. */
export class MeasurementBoard implements Measurements {
  readonly #options: BoardOptions;
  readonly #queue = new FairQueue(JOBS);
  /** the newest job of each target, until it ends */
  readonly #running = new Map<TargetKey, Running>();
  /** targets that wait for their turn; then their newest job is measured */
  readonly #waiting = new Set<TargetKey>();
  readonly #results = new Map<TargetKey, MeasureResult>();
  #stopped = false;

  constructor(options: BoardOptions) {
    this.#options = options;
  }

  submit(job: MeasureJob): void {
    const { namespace } = job.key;
    const key = targetKey(job.key);
    const before = this.#running.get(key);
    if (this.#stopped || (before !== undefined && sameWork(before.job, job))) return;
    before?.cancel();
    const { now, after } = this.#options;
    const cancel = after(DEADLINE_MS, () => this.#finish(key, job, without(job, LATE)));
    this.#running.set(key, { job, sinceMs: now(), cancel });
    if (this.#waiting.has(key)) return;
    this.#waiting.add(key);
    this.#queue
      .run(() => this.#turn(key), namespace)
      .catch((error: unknown) => this.#options.onBug(error, key));
  }

  measured(key: TargetKey): MeasureResult | undefined {
    return this.#results.get(key);
  }

  measuring(key: TargetKey): boolean {
    return this.#running.has(key);
  }

  forget(key: TargetKey): void {
    this.#running.get(key)?.cancel();
    this.#running.delete(key);
    this.#results.delete(key);
  }

  /** Takes no more jobs; resolves when those that are being measured have ended. */
  stop(): Promise<void> {
    this.#stopped = true;
    for (const { cancel } of this.#running.values()) cancel();
    this.#running.clear();
    return this.#queue.stop();
  }

  async #turn(key: TargetKey): Promise<void> {
    this.#waiting.delete(key);
    const running = this.#running.get(key);
    if (running === undefined) return;
    const { job, sinceMs } = running;
    const { measure, onBug, onWait, now } = this.#options;
    onWait?.(job.key.namespace, now() - sinceMs);
    let measurements: Measurement[];
    try {
      measurements = await measure(job);
    } catch (error) {
      onBug(error, key);
      measurements = without(job, BROKEN);
    }
    this.#finish(key, job, measurements);
  }

  /** Does nothing if another job has replaced this one. */
  #finish(key: TargetKey, job: MeasureJob, measurements: Measurement[]): void {
    const running = this.#running.get(key);
    if (running?.job !== job) return;
    running.cancel();
    this.#running.delete(key);
    const { release, step, window, warming, stableOnly, byLabel } = job;
    const kind = {
      ...(byLabel === undefined ? {} : { byLabel }),
      ...(warming === undefined ? {} : { warming }),
      ...(stableOnly === undefined ? {} : { stableOnly }),
    };
    this.#results.set(key, { release, step, window, measurements, ...kind });
    this.#options.onResult(key);
  }
}

function sameWork(a: MeasureJob, b: MeasureJob): boolean {
  const same = a.release === b.release && a.step === b.step && a.stableOnly === b.stableOnly;
  return same && a.window.startMs === b.window.startMs && a.window.endMs === b.window.endMs;
}

interface Gap {
  outcome: BadOutcome;
  sentence: string;
}

const BROKEN: Gap = {
  outcome: 'serverError',
  sentence: 'the measurement broke with an internal error; see the log of the controller',
};
const LATE: Gap = {
  outcome: 'timeout',
  sentence: `the measurement did not end within ${DEADLINE_MS / 60_000} minutes: the source of its numbers is too slow, or too many measurements wait for it`,
};

/** Measurements without numbers: a gap in the data, never a pass. */
function without({ templates, window }: MeasureJob, { outcome, sentence }: Gap): Measurement[] {
  return metricsOf(templates).map(({ key }) => ({ metric: key, window, outcome, sentence }));
}
