import { describe, expect, it } from 'vitest';
import { matches, matchesFields, matchesSelector, parseFields, parseLabels } from './selectors.ts';

const labels = { app: 'web', tier: 'front' };

describe('label selectors', () => {
  it.each([
    ['app=web', true],
    ['app==web', true],
    ['app!=web', false],
    ['other!=x', true],
    ['app in (api, web)', true],
    ['app notin (api,web)', false],
    ['tier', true],
    ['!tier', false],
    ['app=web,tier in (back)', false],
    ['', true],
  ])('%s picks it: %s', (source, want) => {
    expect(matches(parseLabels(source), labels)).toBe(want);
  });

  it.each(['app in x', '=x', 'a b', 'app=bad value!'])('refuses %s', (source) => {
    expect(() => parseLabels(source)).toThrow(expect.objectContaining({ code: 400 }));
  });

  it('reads LabelSelector objects, where an empty one picks everything', () => {
    expect(matchesSelector({}, labels)).toBe(true);
    expect(matchesSelector({ matchLabels: { app: 'web' } }, labels)).toBe(true);
    expect(
      matchesSelector({ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, labels),
    ).toBe(false);
    expect(matchesSelector({ matchExpressions: [{ key: 'gone', operator: 'DoesNotExist' }] }, labels)).toBe(
      true,
    );
  });
});

describe('field selectors', () => {
  it('compares, negates and combines', () => {
    const fields = { 'metadata.name': 'a', 'status.phase': 'Running' };
    expect(matchesFields(parseFields('metadata.name=a,status.phase!=Pending'), fields)).toBe(true);
    expect(matchesFields(parseFields('metadata.name==b'), fields)).toBe(false);
  });

  it('refuses other operators', () => {
    expect(() => parseFields('metadata.name>a')).toThrow(expect.objectContaining({ code: 400 }));
  });
});
