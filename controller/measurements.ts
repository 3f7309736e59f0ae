import { isDeepStrictEqual } from 'node:util';
import type { Measurement } from '../api/analysis.ts';
import type { MeasurementQueue, QueueJob } from '../analysis/queue/queue.ts';
import type { MeasureJob, MeasureResult } from '../release/model.ts';

/** What a reconcile needs of measurements. `key` is "namespace/name" of the target. */
export interface Measurements {
  /** starts a job, unless that very window is being measured already; replaces another one of the same target */
  submit(job: MeasureJob): void;
  /** newest finished job of the target */
  measured(key: string): MeasureResult | undefined;
  /** a job of the target is under way */
  measuring(key: string): boolean;
  /** the target is gone */
  forget(key: string): void;
}

/** The board on which running jobs and the newest result of each target stand. Lost in a crash, and measured again. */
export class MeasurementBoard implements Measurements {
  readonly #queue: MeasurementQueue;
  readonly #onResult: (key: string) => void;
  readonly #running = new Map<string, MeasureJob>();
  readonly #results = new Map<string, MeasureResult>();

  /**
   * @param open opens the queue; its jobs come back through the callback it is given
   * @param onResult called with the target's key when a new result stands on the board
   */
  constructor(
    open: (done: (job: QueueJob, measurements: Measurement[]) => void) => MeasurementQueue,
    onResult: (key: string) => void,
  ) {
    this.#onResult = onResult;
    this.#queue = open((job, measurements) => this.#finish(job.id, measurements));
  }

  submit(job: MeasureJob): void {
    const id = `${job.key.namespace}/${job.key.name}`;
    const running = this.#running.get(id);
    if (running !== undefined && sameWork(running, job)) return;
    this.#running.set(id, job);
    const { window, templates, variables, share, calibrate = false, stableOnly = false } = job;
    this.#queue.submit({
      id,
      window,
      templates,
      variables,
      calibrate,
      stableOnly,
      ...(share === undefined ? {} : { share }),
    });
  }

  measured(key: string): MeasureResult | undefined {
    return this.#results.get(key);
  }

  measuring(key: string): boolean {
    return this.#running.has(key);
  }

  forget(key: string): void {
    this.#queue.cancel(key);
    this.#running.delete(key);
    this.#results.delete(key);
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  #finish(key: string, measurements: Measurement[]): void {
    const job = this.#running.get(key);
    if (job === undefined) return;
    this.#running.delete(key);
    const { release, step, window, warming, stableOnly } = job;
    const kind = {
      ...(warming === undefined ? {} : { warming }),
      ...(stableOnly === undefined ? {} : { stableOnly }),
    };
    this.#results.set(key, { release, step, window, measurements, ...kind });
    this.#onResult(key);
  }
}

function sameWork(a: MeasureJob, b: MeasureJob): boolean {
  const same = a.release === b.release && a.step === b.step && a.stableOnly === b.stableOnly;
  return same && isDeepStrictEqual(a.window, b.window);
}
