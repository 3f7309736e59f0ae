import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { WorkQueue } from './queue.ts';

function refusal(code: number): Error {
  return Object.assign(new Error('refused'), { code, reason: 'Conflict', status: {} });
}

describe('the work queue', () => {
  it('runs a key once however often it was added', async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    const queue = new WorkQueue(clock, (key) => ran.push(key));
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    await clock.advance(100);
    expect(ran).toEqual(['a', 'b']);
  });

  it('runs a key at the sooner of two times', async () => {
    const clock = new VirtualClock();
    const ran: number[] = [];
    const start = clock.now();
    const queue = new WorkQueue(clock, () => ran.push(clock.now() - start));
    queue.addAfter('a', 500);
    queue.addAfter('a', 20);
    queue.addAfter('a', 900);
    await clock.advance(2000);
    expect(ran).toEqual([20]);
  });

  it('tries again with growing delay what the API refused', async () => {
    const clock = new VirtualClock();
    const ran: number[] = [];
    const start = clock.now();
    const queue = new WorkQueue(clock, () => {
      ran.push(clock.now() - start);
      if (ran.length < 4) throw refusal(409);
    });
    queue.add('a');
    await clock.advance(60_000);
    expect(ran).toEqual([1, 6, 16, 36]);
  });

  it('lets a bug out', async () => {
    const clock = new VirtualClock();
    const queue = new WorkQueue(clock, () => {
      throw new TypeError('a bug');
    });
    queue.add('a');
    await expect(clock.advance(10)).rejects.toThrow('a bug');
  });

  it('runs nothing after it was stopped', async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    const queue = new WorkQueue(clock, (key) => ran.push(key));
    queue.add('a');
    queue.stop();
    queue.add('b');
    await clock.advance(100);
    expect(ran).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
