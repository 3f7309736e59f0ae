import { expect, it } from 'vitest';
import { partsOf, pointer } from './pointer.ts';

// The examples of RFC 6901, section 5, and what the order of escapes is for.
it.each([
  { parts: [], text: '' },
  { parts: ['foo', '0'], text: '/foo/0' },
  { parts: [''], text: '/' },
  { parts: ['a/b'], text: '/a~1b' },
  { parts: ['m~n'], text: '/m~0n' },
  { parts: ['~1'], text: '/~01' },
  { parts: ['metadata', 'annotations', 'sluice.dev/held'], text: '/metadata/annotations/sluice.dev~1held' },
])('$parts is $text, and back', ({ parts, text }) => {
  expect(pointer(...parts)).toBe(text);
  expect(partsOf(text)).toEqual(parts);
});
