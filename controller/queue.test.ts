import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { WorkQueue } from './queue.ts';
import type { QueueOptions, Worked } from './queue.ts';

const DONE: Worked = { retry: false };

let clock: VirtualClock;
/** keys in the order their work began, with the time since the start */
let began: string[];
let bugs: unknown[];

beforeEach(() => {
  clock = new VirtualClock(0);
  began = [];
  bugs = [];
});

function queueOf(work: (key: string) => Promise<Worked>, options: Partial<QueueOptions> = {}): WorkQueue {
  const queue = new WorkQueue({
    clock,
    random: () => 0,
    concurrency: 2,
    work: (key) => {
      began.push(`${key}@${clock.now()}`);
      return work(key);
    },
    onBug: (error) => bugs.push(error),
    ...options,
  });
  queue.start();
  return queue;
}

const takes = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));

describe('the work queue', () => {
  it('works once on a key that was added many times', async () => {
    const queue = queueOf(() => Promise.resolve(DONE), { concurrency: 1 });
    queue.add('shop/first');
    for (let i = 0; i < 5; i += 1) queue.add('shop/a');
    await clock.advance(0);
    expect(began).toEqual(['shop/first@0', 'shop/a@0']);
  });

  it('waits for start', async () => {
    const queue = new WorkQueue({
      clock,
      random: () => 0,
      concurrency: 1,
      work: (key) => Promise.resolve((began.push(key), DONE)),
      onBug: (error) => bugs.push(error),
    });
    queue.add('shop/a');
    await clock.advance(1_000);
    expect([began, queue.depth]).toEqual([[], 1]);
    queue.start();
    expect(began).toEqual(['shop/a']);
  });

  it('never works on one key twice at once; added meanwhile, it runs once more afterwards', async () => {
    let running = 0;
    let most = 0;
    const queue = queueOf(async () => {
      running += 1;
      most = Math.max(most, running);
      await takes(100);
      running -= 1;
      return DONE;
    });
    queue.add('shop/a');
    await clock.advance(10);
    queue.add('shop/a');
    queue.add('shop/a');
    await clock.advance(500);
    expect(began).toEqual(['shop/a@0', 'shop/a@100']);
    expect(most).toBe(1);
  });

  it('works on no more keys at a time than allowed, in order of arrival', async () => {
    const queue = queueOf(async () => {
      await takes(100);
      return DONE;
    });
    for (const key of ['shop/a', 'shop/b', 'shop/c', 'shop/d'] as const) queue.add(key);
    expect([queue.active, queue.depth]).toEqual([2, 2]);
    await clock.advance(500);
    expect(began).toEqual(['shop/a@0', 'shop/b@0', 'shop/c@100', 'shop/d@100']);
  });

  it('gives namespaces their turns one after the other, however many targets one has', async () => {
    const queue = queueOf(async () => {
      await takes(100);
      return DONE;
    });
    for (const key of ['many/1', 'many/2', 'many/3', 'many/4', 'few/1'] as const) queue.add(key);
    await clock.advance(500);
    expect(began).toEqual(['many/1@0', 'many/2@0', 'many/3@100', 'few/1@100', 'many/4@200']);
  });

  it('takes the shortest of several delays, and an addition without delay takes its place', async () => {
    const queue = queueOf(() => Promise.resolve(DONE));
    queue.add('shop/a', 500);
    queue.add('shop/a', 200);
    queue.add('shop/a', 900);
    queue.add('shop/b', 300);
    await clock.advance(100);
    queue.add('shop/b');
    await clock.advance(2_000);
    expect(began).toEqual(['shop/b@100', 'shop/a@200']);
  });

  it('looks again after the time the work asks for', async () => {
    let left = 2;
    const queue = queueOf(() =>
      Promise.resolve({ retry: false, requeueAfterMs: left-- > 0 ? 5_000 : undefined }),
    );
    queue.add('shop/a');
    await clock.advance(60_000);
    expect(began).toEqual(['shop/a@0', 'shop/a@5000', 'shop/a@10000']);
  });

  it('an event during work does not wait for the time the work asked for', async () => {
    const queue = queueOf(async () => {
      await takes(100);
      return { retry: false, requeueAfterMs: 60_000 };
    });
    queue.add('shop/a');
    await clock.advance(50);
    queue.add('shop/a');
    await clock.advance(60);
    expect(began).toEqual(['shop/a@0', 'shop/a@100']);
  });

  it('tries again with pauses that double, up to a limit, and starts small again after success', async () => {
    const outcomes = [true, true, true, true, false, true, false];
    const queue = queueOf(
      () => {
        const retry = outcomes.shift() ?? false;
        return Promise.resolve(
          retry ? { retry } : { retry, requeueAfterMs: outcomes.length === 2 ? 1_000 : undefined },
        );
      },
      { minBackoffMs: 100, maxBackoffMs: 400 },
    );
    queue.add('shop/a');
    await clock.advance(60_000);
    // With random = 0 a pause is half of 100, 200, 400, 400, …
    expect(began).toEqual([
      'shop/a@0',
      'shop/a@50',
      'shop/a@150',
      'shop/a@350',
      'shop/a@550',
      'shop/a@1550',
      'shop/a@1600',
    ]);
  });

  it('spreads retries by chance', async () => {
    const queue = queueOf(() => Promise.resolve({ retry: began.length < 2 } as Worked), {
      random: () => 0.5,
    });
    queue.add('shop/a');
    await clock.advance(1_000);
    expect(began).toEqual(['shop/a@0', 'shop/a@75']);
  });

  it('takes a rejection for a bug, tells of it, and tries again', async () => {
    const queue = queueOf(() =>
      began.length === 1 ? Promise.reject(new Error('boom')) : Promise.resolve(DONE),
    );
    queue.add('shop/a');
    await clock.advance(1_000);
    expect(bugs.map(String)).toEqual(['Error: boom']);
    expect(began).toHaveLength(2);
  });

  it('stops when the work in hand has ended, and begins none any more', async () => {
    const queue = queueOf(async () => {
      await takes(100);
      return { retry: false, requeueAfterMs: 1 };
    });
    for (const key of ['shop/a', 'shop/b', 'shop/c'] as const) queue.add(key);
    queue.add('shop/d', 10);
    let stopped = false;
    void queue.stop().then(() => (stopped = true));
    await clock.advance(99);
    expect(stopped).toBe(false);
    await clock.advance(1);
    expect(stopped).toBe(true);
    queue.add('shop/e');
    await clock.advance(10_000);
    expect(began).toEqual(['shop/a@0', 'shop/b@0']);
    expect(clock.pending).toBe(0);
  });

  it('stops at once when idle', async () => {
    await queueOf(() => Promise.resolve(DONE)).stop();
    expect(began).toEqual([]);
  });
});
