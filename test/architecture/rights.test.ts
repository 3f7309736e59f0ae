import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RESOURCES } from '../../api/resources.ts';
import { RIGHTS, WATCHED } from '../../release/rights.ts';
import { writtenRights } from '../../scripts/lib/rights.ts';
import { ROOT } from './root.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const written = await writtenRights(read);

describe('the rights of the controller', () => {
  it.each(Object.keys(written))('stand in %s as the code has them', (path) => {
    // Not equal? `npm run rights` writes it anew.
    expect(read(path)).toBe(written[path]);
  });

  it.each(Object.values(RESOURCES))('name $plural of $group', (resource) => {
    expect(RIGHTS.some((each) => each.resource === resource)).toBe(true);
  });

  it.each(WATCHED)('let it list and watch $plural of $group', (resource) => {
    const verbs = RIGHTS.filter((each) => each.resource === resource).flatMap((each) => each.verbs);
    expect(verbs).toEqual(expect.arrayContaining(['list', 'watch']));
  });
});
