import { expect, test } from 'vitest';
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
