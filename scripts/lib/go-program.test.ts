import { expect, it } from 'vitest';
import { ensureGoProgram } from './go-program.ts';

it('says why there is no program, where Go is missing or cannot build it', () => {
  const none = ensureGoProgram({ path: 'sluice.invalid/nothing', version: '0.0.1', name: 'nothing' });
  expect(none).toEqual({
    missing: expect.stringMatching(/Go could not build nothing 0\.0\.1: .+|takes Go/) as string,
  });
});
