import { expect, test } from 'vitest';
import { settle } from '../../test/support/virtual-clock.ts';
import { Lane } from './lane.ts';

test('so many tasks at a time, in the order they came, whether or not one fails', async () => {
  const lane = new Lane(2);
  const log: string[] = [];
  const ends = new Map<string, (fail: boolean) => void>();
  const start = (name: string): Promise<string> =>
    lane.run(() => {
      log.push(name);
      return new Promise((resolve, reject) => {
        ends.set(name, (fail) => (fail ? reject(new Error(name)) : resolve(name)));
      });
    });
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(start);
  expect(log).toEqual(['a', 'b']);
  ends.get('b')?.(true);
  await expect(b).rejects.toThrow('b');
  await Promise.resolve();
  expect(log).toEqual(['a', 'b', 'c']);
  ends.get('a')?.(false);
  await expect(a).resolves.toBe('a');
  ends.get('c')?.(false);
  await c;
  ends.get('d')?.(false);
  await d;
  const last = start('e');
  expect(log).toEqual(['a', 'b', 'c', 'd', 'e']);
  ends.get('e')?.(false);
  await last;
});

test('a group that asks for much waits for its own turns: the others have theirs in between', async () => {
  const lane = new Lane(2, 1);
  const log: string[] = [];
  const ends: (() => void)[] = [];
  const all = ['noisy 1', 'noisy 2', 'noisy 3', 'quiet 1', 'other 1'].map((name) =>
    lane.run(() => {
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
