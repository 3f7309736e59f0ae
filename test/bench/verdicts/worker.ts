import { parentPort } from 'node:worker_threads';
import { collect, type Series } from './group.ts';
import { GROUPS } from './groups.ts';
import type { Done, Job } from './pool.ts';

/** One thread of the benchmark: answers each job with the readings of its runs. */
parentPort?.on('message', (job: Job) => {
  const group = GROUPS.find(({ id }) => id === job.group);
  if (group === undefined) throw new Error(`there is no group ${job.group}`);
  const start = performance.now();
  const series: Series = {};
  for (let seed = job.from; seed < job.to; seed++) collect(series, group.run(seed));
  parentPort?.postMessage({ job, series, seconds: (performance.now() - start) / 1000 } satisfies Done);
});
