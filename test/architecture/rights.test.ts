import { describe, expect, it } from 'vitest';
import { RESOURCES } from '../../api/resources.ts';
import { RIGHTS, WATCHED } from '../../release/rights.ts';

describe('the rights of the controller', () => {
  it.each(Object.values(RESOURCES))('name $plural of $group', (resource) => {
    expect(RIGHTS.some((each) => each.resource === resource)).toBe(true);
  });

  it.each(WATCHED)('let it list and watch $plural of $group', (resource) => {
    const verbs = RIGHTS.filter((each) => each.resource === resource).flatMap((each) => each.verbs);
    expect(verbs).toEqual(expect.arrayContaining(['list', 'watch']));
  });
});
