import { expect, it } from 'vitest';
import { combined, editedRequest } from './header-edits.ts';
import type { HeaderEdits } from './header-edits.ts';

const edit = (more: Partial<HeaderEdits>): { request: HeaderEdits[]; response: [] } => ({
  request: [{ set: {}, add: {}, remove: [], ...more }],
  response: [],
});

it.each([
  { edits: edit({ set: { 'X-A': '2' } }), want: { 'x-a': '2', 'x-b': '1' } },
  { edits: edit({ add: { 'X-A': '2', 'X-C': '3' } }), want: { 'x-a': '1,2', 'x-b': '1', 'x-c': '3' } },
  { edits: edit({ remove: ['X-A', 'x-none'] }), want: { 'x-b': '1' } },
  {
    edits: combined(edit({ set: { 'x-a': '2' } }), edit({ add: { 'x-a': '3' } })),
    want: { 'x-a': '2,3', 'x-b': '1' },
  },
])('headers of a request after $edits.request are $want', ({ edits, want }) => {
  const headers = { 'x-a': '1', 'x-b': '1' };
  expect(editedRequest(headers, edits)).toEqual(want);
  expect(headers).toEqual({ 'x-a': '1', 'x-b': '1' });
});
