import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

function filled(...ids: string[]): Turns<string> {
  const turns = new Turns<string>();
  for (const id of ids) turns.add(id.slice(0, 1), id, id);
  return turns;
}

function all(turns: Turns<string>, may?: (group: string) => boolean): string[] {
  const out: string[] = [];
  for (let item = turns.next(may); item !== undefined; item = turns.next(may)) out.push(item);
  return out;
}

test('groups have their turns one after the other, each in the order it came', () => {
  expect(all(filled('a1', 'a2', 'a3', 'b1', 'c1', 'b2'))).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
});

test('a group that may not have a turn keeps its place', () => {
  const turns = filled('a1', 'b1', 'b2');
  expect(all(turns, (group) => group !== 'a')).toEqual(['b1', 'b2']);
  expect(all(turns)).toEqual(['a1']);
  expect(turns.size).toBe(0);
});

test('what is taken out has no turn any more', () => {
  const turns = filled('a1', 'a2');
  expect([turns.delete('a', 'a1'), turns.delete('a', 'a1')]).toEqual([true, false]);
  expect([turns.has('a', 'a1'), turns.has('a', 'a2'), turns.size]).toEqual([false, true, 1]);
});
