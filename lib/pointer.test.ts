import { expect, it } from 'vitest';
import { isPointer, partsOf, pointer, valueAt } from './pointer.ts';

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

const DOCUMENT = { foo: ['bar', 'baz'], '': 0, 'a/b': 1, 'c%d': 2, 'm~n': 8, ' ': 7 };

it.each([
  ['', DOCUMENT],
  ['/foo', ['bar', 'baz']],
  ['/foo/0', 'bar'],
  ['/', 0],
  ['/a~1b', 1],
  ['/c%d', 2],
  ['/m~0n', 8],
  ['/ ', 7],
  ['/foo/2', undefined],
  ['/foo/01', undefined],
  ['/foo/-', undefined],
  ['/foo/length', undefined],
  ['/constructor', undefined],
  ['/a/b', undefined],
])('%j leads to what RFC 6901 says', (text, value) => {
  expect(isPointer(text)).toBe(true);
  expect(valueAt(DOCUMENT, partsOf(text))).toEqual(value);
});

it.each(['foo', '/a~', '/a~2'])('%j is no pointer', (text) => {
  expect(isPointer(text)).toBe(false);
});
