import type { Measurement } from '../../api/analysis.ts';
import { metricsOf } from '../../api/bound.ts';
import { Turns } from '../../lib/turns.ts';
import type { Measured, MeasurementQueue, QueueJob } from './queue.ts';

export interface InProcessOptions {
  /** jobs measured at the same time; of one namespace at most half of them */
  concurrency: number;
  measure: (job: QueueJob) => Promise<Measurement[]>;
  done: Measured;
  /** `measure` does not fail in normal life; a rejection is a bug, told here */
  onBug: (error: unknown, job: QueueJob) => void;
  now: () => number;
  /** so long a job waited for its turn */
  onWait: (namespace: string, ms: number) => void;
}

interface Waiting {
  job: QueueJob;
  sinceMs: number;
}

/** Measures within this process, a bounded number of jobs at a time; namespaces have their turns one after the other. */
export class InProcessQueue implements MeasurementQueue {
  readonly #options: InProcessOptions;
  /** by namespace */
  readonly #waiting = new Turns<Waiting>();
  /** newest running job of each id */
  readonly #current = new Map<string, QueueJob>();
  readonly #running = new Set<Promise<void>>();
  /** running jobs of each namespace */
  readonly #busy = new Map<string, number>();
  #stopped = false;

  constructor(options: InProcessOptions) {
    this.#options = options;
  }

  submit(job: QueueJob): void {
    if (this.#stopped) return;
    this.cancel(job.id);
    this.#waiting.add(namespaceOf(job.id), job.id, { job, sinceMs: this.#options.now() });
    this.#pump();
  }

  cancel(id: string): void {
    this.#waiting.delete(namespaceOf(id), id);
    this.#current.delete(id);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    this.#current.clear();
    await Promise.all(this.#running);
  }

  #pump(): void {
    const { concurrency, now, onWait } = this.#options;
    const each = Math.ceil(concurrency / 2);
    while (this.#running.size < concurrency) {
      const next = this.#waiting.next((namespace) => (this.#busy.get(namespace) ?? 0) < each);
      if (next === undefined) return;
      const { job, sinceMs } = next;
      const namespace = namespaceOf(job.id);
      onWait(namespace, now() - sinceMs);
      this.#current.set(job.id, job);
      this.#count(namespace, 1);
      const run: Promise<void> = this.#run(job).finally(() => {
        this.#running.delete(run);
        this.#count(namespace, -1);
        this.#pump();
      });
      this.#running.add(run);
    }
  }

  #count(namespace: string, many: number): void {
    const busy = (this.#busy.get(namespace) ?? 0) + many;
    if (busy === 0) this.#busy.delete(namespace);
    else this.#busy.set(namespace, busy);
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

const namespaceOf = (id: string): string => id.slice(0, id.indexOf('/'));

/** A measurement that broke is a gap in the data, never a pass. */
function unusable(job: QueueJob): Measurement[] {
  return metricsOf(job.templates).map(({ key }) => ({
    metric: key,
    window: job.window,
    outcome: 'serverError',
    sentence: 'the measurement broke with an internal error; see the log of the controller',
  }));
}
