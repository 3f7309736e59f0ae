import { expect, test } from 'vitest';
import { labelled, series } from '../../../test/support/measure-objects.ts';
import { FallenSums } from './fallen.ts';

const TICKS = { startMs: 100_000, tickMs: 15_000, count: 3 };
const sum = (samples: string, route = '/') => labelled(series(`- ${samples}`), { route });

test('a sum that fell in one piece and rises in the next is found, and told from others', () => {
  const fallen = new FallenSums(TICKS);
  fallen.add('bad', sum('95:9 110:4'));
  fallen.add('bad', sum('110:4 125:5'));
  expect([...fallen.ticks]).toEqual([1]);
  fallen.add('bad', sum('110:4 140:5', '/buy'));
  fallen.add('total', sum('110:4 140:5'));
  expect([...fallen.ticks]).toEqual([1]);
  fallen.add('bad', sum('125:5 140:5'));
  expect([...fallen.ticks]).toEqual([1]);
});
