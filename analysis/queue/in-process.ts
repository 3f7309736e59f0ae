import type { Measurement } from '../../api/analysis.ts';
import { metricsOf } from '../../api/bound.ts';
import type { Measured, MeasurementQueue, QueueJob } from './queue.ts';

export interface InProcessOptions {
  /** jobs measured at the same time */
  concurrency: number;
  measure: (job: QueueJob) => Promise<Measurement[]>;
  done: Measured;
  /** `measure` does not fail in normal life; a rejection is a bug, told here */
  onBug: (error: unknown, job: QueueJob) => void;
}

/** Measures within this process, a bounded number of jobs at a time, first come first served. */
export class InProcessQueue implements MeasurementQueue {
  readonly #options: InProcessOptions;
  /** in order of arrival */
  readonly #waiting = new Map<string, QueueJob>();
  /** newest running job of each id */
  readonly #current = new Map<string, QueueJob>();
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: InProcessOptions) {
    this.#options = options;
  }

  submit(job: QueueJob): void {
    if (this.#stopped) return;
    this.cancel(job.id);
    this.#waiting.set(job.id, job);
    this.#pump();
  }

  cancel(id: string): void {
    this.#waiting.delete(id);
    this.#current.delete(id);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    this.#current.clear();
    await Promise.all(this.#running);
  }

  #pump(): void {
    for (const [id, job] of this.#waiting) {
      if (this.#running.size >= this.#options.concurrency) return;
      this.#waiting.delete(id);
      this.#current.set(id, job);
      const run: Promise<void> = this.#run(job).finally(() => {
        this.#running.delete(run);
        this.#pump();
      });
      this.#running.add(run);
    }
  }

  async #run(job: QueueJob): Promise<void> {
    let measurements: Measurement[];
    try {
      measurements = await this.#options.measure(job);
    } catch (error) {
      this.#options.onBug(error, job);
      measurements = unusable(job);
    }
    if (this.#current.get(job.id) !== job) return;
    this.#current.delete(job.id);
    this.#options.done(job, measurements);
  }
}

/** A measurement that broke is a gap in the data, never a pass. */
function unusable(job: QueueJob): Measurement[] {
  return metricsOf(job.templates).map(({ key }) => ({
    metric: key,
    window: job.window,
    outcome: 'serverError',
    sentence: 'the measurement broke with an internal error; see the log of the controller',
  }));
}
