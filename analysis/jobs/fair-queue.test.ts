import fc from 'fast-check';
import { expect, test } from 'vitest';
import { settle, VirtualClock } from '../../test/support/virtual-clock.ts';
import { FairQueue } from './fair-queue.ts';

test('so many tasks at a time, in the order they came, whether or not one fails', async () => {
  const queue = new FairQueue({ concurrency: 2 });
  const log: string[] = [];
  const ends = new Map<string, (fail: boolean) => void>();
  const start = (name: string): Promise<string> =>
    queue.run(() => {
      log.push(name);
      return new Promise((resolve, reject) => {
        ends.set(name, (fail) => (fail ? reject(new Error(name)) : resolve(name)));
      });
    });
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(start);
  expect(log).toEqual(['a', 'b']);
  ends.get('b')?.(true);
  await expect(b).rejects.toThrow('b');
  await settle();
  expect(log).toEqual(['a', 'b', 'c']);
  for (const name of ['a', 'c']) ends.get(name)?.(false);
  await expect(a).resolves.toBe('a');
  await c;
  await settle();
  ends.get('d')?.(false);
  await d;
  await settle();
  const last = start('e');
  expect(log).toEqual(['a', 'b', 'c', 'd', 'e']);
  ends.get('e')?.(false);
  await last;
});

test('a group that asks for much waits for its own turns: the others have theirs in between', async () => {
  const queue = new FairQueue({ concurrency: 2, each: 1 });
  const log: string[] = [];
  const ends: (() => void)[] = [];
  const all = ['noisy 1', 'noisy 2', 'noisy 3', 'quiet 1', 'other 1'].map((name) =>
    queue.run(() => {
      log.push(name);
      return new Promise<void>((resolve) => ends.push(resolve));
    }, name.split(' ', 1)[0]),
  );
  expect(log).toEqual(['noisy 1', 'quiet 1']);
  for (let i = 0; i < all.length; i++) {
    ends[i]?.();
    await settle();
  }
  await Promise.all(all);
  expect(log).toEqual(['noisy 1', 'quiet 1', 'noisy 2', 'other 1', 'noisy 3']);
});

test('what one namespace asks, however much and however slow, never delays the question of another', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 100 }),
      fc.integer({ min: 0, max: 60_000 }),
      async (slow, quietAtMs) => {
        const clock = new VirtualClock();
        const queue = new FairQueue({ concurrency: 8, each: 4 });
        const after = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
        const noisy = slow.map((ms) => queue.run(() => after(ms), 'noisy'));
        let waitedMs: number | undefined;
        clock.after(quietAtMs, () => {
          const sinceMs = clock.now();
          void queue.run(() => {
            waitedMs = clock.now() - sinceMs;
            return Promise.resolve();
          }, 'quiet');
        });
        for (let i = 0; i <= slow.length + 1 && clock.nextInMs !== undefined; i++) {
          await clock.advance(clock.nextInMs);
          await settle();
        }
        expect(waitedMs).toBe(0);
        await Promise.all(noisy);
      },
    ),
    { numRuns: 50 },
  );
});
