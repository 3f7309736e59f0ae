import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { programOf, ROOT } from './place.ts';

it('finds the programs and the manifests of a checkout', () => {
  for (const file of [
    programOf('cli'),
    programOf('playground'),
    new URL('manifests/', ROOT),
    new URL('package.json', ROOT),
  ])
    expect(existsSync(file), file.href).toBe(true);
});
