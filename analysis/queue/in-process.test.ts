import { beforeEach, describe, expect, it } from 'vitest';
import type { Measurement } from '../../api/analysis.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { settle } from '../../test/support/virtual-clock.ts';
import { InProcessQueue } from './in-process.ts';
import type { QueueJob } from './queue.ts';

const template: BoundTemplate = {
  use: { template: 'http', args: {} },
  template: {
    args: [],
    intervalMs: 15_000,
    prometheus: 'default',
    risk: { harm: 0.05, safe: 0.1 },
    safeEvidence: 'perStep',
    metrics: [
      {
        type: 'threshold',
        name: 'cpu',
        critical: false,
        dryRun: false,
        query: 'up',
        failure: 'value > 1',
        failureLimit: 0,
        counting: 'consecutive',
        inconclusiveLimit: 0,
        nan: 'inconclusive',
      },
    ],
  },
};

/** Of target "web" in that namespace, unless another is named. */
const job = (id: string, endMs = 2): QueueJob => ({
  id: fullId(id),
  window: { startMs: 1, endMs },
  templates: [template],
  variables: {},
});

const fullId = (id: string): string => (id.includes('/') ? id : `${id}/web`);

let nowMs: number;
let waits: string[];
let running: { job: QueueJob; finish: (measurements: Measurement[]) => void; fail: (error: Error) => void }[];
let results: string[];
let bugs: unknown[];
let queue: InProcessQueue;

beforeEach(() => {
  running = [];
  waits = [];
  nowMs = 0;
  results = [];
  bugs = [];
  queue = new InProcessQueue({
    concurrency: 2,
    measure: (each) =>
      new Promise((resolve, reject) => {
        running.push({ job: each, finish: resolve, fail: reject });
      }),
    done: ({ id, window }, measurements) =>
      results.push(
        [
          id.replace('/web', ''),
          window.endMs,
          ...measurements.map(({ metric, outcome }) => `${metric}:${outcome}`),
        ].join(' '),
      ),
    onBug: (error) => bugs.push(error),
    now: () => nowMs,
    onWait: (namespace, ms) => waits.push(`${namespace} ${ms}`),
  });
});

const started = (): string[] =>
  running.map(({ job: { id, window } }) => `${id.replace('/web', '')} ${window.endMs}`);

describe('the in-process measurement queue', () => {
  it('measures a bounded number of jobs at a time, first come first served', async () => {
    for (const id of ['a', 'b', 'c', 'd']) queue.submit(job(id));
    expect(started()).toEqual(['a 2', 'b 2']);
    running[1]?.finish([]);
    await settle();
    expect(started()).toEqual(['a 2', 'b 2', 'c 2']);
    expect(results).toEqual(['b 2']);
  });

  it('gives namespaces their turns one after the other, and none more than half of the places', async () => {
    for (const id of ['noisy/1', 'noisy/2', 'noisy/3', 'quiet/1']) queue.submit(job(id));
    expect(started()).toEqual(['noisy/1 2', 'quiet/1 2']);
    nowMs = 500;
    running[0]?.finish([]);
    await settle();
    expect(started()).toEqual(['noisy/1 2', 'quiet/1 2', 'noisy/2 2']);
    expect(waits).toEqual(['noisy 0', 'quiet 0', 'noisy 500']);
  });

  it('drops a waiting job when a newer one of the same id comes', async () => {
    for (const id of ['a', 'b', 'c']) queue.submit(job(id));
    queue.submit(job('c', 9));
    running[0]?.finish([]);
    running[1]?.finish([]);
    await settle();
    expect(started()).toEqual(['a 2', 'b 2', 'c 9']);
  });

  it('never hands out the outcome of a running job that was replaced or cancelled', async () => {
    queue.submit(job('a'));
    queue.submit(job('b'));
    queue.submit(job('a', 9));
    queue.cancel('b/web');
    for (const each of [...running]) each.finish([]);
    await settle();
    running[2]?.finish([]);
    await settle();
    expect(results).toEqual(['a 9']);
  });

  it('turns a measurement that breaks into outcomes that never pass', async () => {
    queue.submit(job('a'));
    running[0]?.fail(new Error('boom'));
    await settle();
    expect(results).toEqual(['a 2 cpu:serverError']);
    expect(bugs.map(String)).toEqual(['Error: boom']);
  });

  it('stops when running jobs have ended, and tells of none of them', async () => {
    for (const id of ['a', 'b', 'c']) queue.submit(job(id));
    const stopped = queue.stop();
    for (const each of running) each.finish([]);
    await stopped;
    queue.submit(job('d'));
    expect([started(), results]).toEqual([['a 2', 'b 2'], []]);
  });
});
