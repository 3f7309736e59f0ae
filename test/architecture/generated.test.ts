import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { written } from '../../scripts/lib/written.ts';
import { ROOT } from './root.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const files = await written(read);

describe('what is written from code', () => {
  it.each(Object.keys(files))('stands in %s as the code has it', (path) => {
    // If they differ, `npm run generate` writes the file again.
    expect(read(path)).toBe(files[path]);
  });
});
