import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Series } from './group.ts';

/** A part of one group's runs, small enough that all cores finish at about the same time. */
export interface Job {
  group: string;
  /** seeds of the runs: first, last + 1 */
  from: number;
  to: number;
}

export interface Done {
  job: Job;
  series: Series;
  /** how long it took on one core */
  seconds: number;
}

/** Runs all jobs on one thread for each core; if a thread throws, the benchmark fails. */
export async function workOff(jobs: readonly Job[], report: (done: Done) => void): Promise<void> {
  const waiting = [...jobs];
  const threads = Math.max(1, Math.min(availableParallelism(), jobs.length));
  await Promise.all(Array.from({ length: threads }, () => runThread(() => waiting.shift(), report)));
}

function runThread(next: () => Job | undefined, report: (done: Done) => void): Promise<void> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url));
  return new Promise((resolve, reject) => {
    const give = (): void => {
      const job = next();
      if (job !== undefined) worker.postMessage(job);
      else worker.terminate().then(() => resolve(), reject);
    };
    worker.on('message', (done: Done) => {
      report(done);
      give();
    });
    worker.on('error', reject);
    give();
  });
}

/** The runs of all groups in parts; long groups do not come last. */
export function jobsOf(groups: readonly { id: string; runs: number }[], part: number): Job[] {
  const parts = groups.map(({ id, runs }) =>
    Array.from({ length: Math.ceil(runs / part) }, (_, i) => ({
      group: id,
      from: i * part + 1,
      to: Math.min(runs, (i + 1) * part) + 1,
    })),
  );
  // alternates between groups, so that progress shows how much remains
  const longest = Math.max(...parts.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => parts.flatMap((list) => list.slice(i, i + 1))).flat();
}
