import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LongLine, splitLines, type Line } from './lines.ts';

async function* from(pieces: readonly string[]): AsyncGenerator<string> {
  for (const piece of pieces) yield Promise.resolve(piece);
}

async function lines(pieces: readonly string[], most?: number): Promise<Line[]> {
  const found: Line[] = [];
  for await (const line of splitLines(from(pieces), most)) found.push(line);
  return found;
}

it('numbers lines from 1, and needs no line end after the last', async () => {
  expect(await lines(['a\n\nb', 'c\nd'])).toEqual([
    { number: 1, text: 'a' },
    { number: 2, text: '' },
    { number: 3, text: 'bc' },
    { number: 4, text: 'd' },
  ]);
  expect(await lines(['a\n'])).toHaveLength(1);
  expect(await lines([])).toEqual([]);
});

it('does not depend on where the pieces are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.stringMatching(/^[ab\n]{0,8}$/)), async (pieces) => {
      const whole = pieces.join('');
      const want = whole.split('\n').slice(0, whole.endsWith('\n') || whole === '' ? -1 : undefined);
      expect((await lines(pieces)).map(({ text }) => text)).toEqual(want);
    }),
  );
});

it('refuses a line that never ends before it fills the memory', async () => {
  await expect(lines(['a\n', 'xxxx', 'xxxx', 'xxxx'], 10)).rejects.toThrow(LongLine);
  await expect(lines(['a\n', 'xxxx', 'xxxx', 'xxxx'], 10)).rejects.toHaveProperty('line', 2);
});
