import { expect, test } from 'vitest';
import { defaultPolicy } from '../../api/kinds/policy/policy.ts';
import { wantsOf } from './wants.ts';

test.each([
  [undefined, undefined],
  ['main', ['main']],
  ['main, api.v2', ['main', 'api.v2']],
])('the annotation %j says which rules may be copied: %j', (text, copyRules) => {
  const annotations: Record<string, string> = text === undefined ? {} : { 'sluice.dev/copy-rules': text };
  expect(wantsOf(defaultPolicy(), annotations).copyRules).toEqual(copyRules);
});
