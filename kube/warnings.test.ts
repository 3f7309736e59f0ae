import { expect, it } from 'vitest';
import { warningsIn } from './warnings.ts';

it.each<[string, string | undefined, string[]]>([
  ['no header', undefined, []],
  ['one text', '299 - "unknown field \\"spec.x\\""', ['unknown field "spec.x"']],
  ['two texts, one with a comma', '299 - "a, b", 299 istiod "c"', ['a, b', 'c']],
  ['a date behind a text', '299 - "a" "Wed, 21 Oct 2015 07:28:00 GMT", 299 - "b"', ['a', 'b']],
  ['another code', '110 anderson/1.3.37 "Response is stale"', []],
  ['what is no header at all', '299 - "never closed', []],
  ['a text without end', `299 - "${'x'.repeat(9000)}"`, ['x'.repeat(500)]],
])('%s', (_name, header, texts) => {
  expect(warningsIn(header)).toEqual(texts);
});
