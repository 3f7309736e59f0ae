import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as json from './json.ts';

const object = { spec: { replicas: 3, list: [{ name: 'a' }, 'x'], none: null }, labels: { a: 'b', n: 1 } };

describe('readers', () => {
  it('walk objects and lists', () => {
    expect(json.getNumber(object, 'spec', 'replicas')).toBe(3);
    expect(json.getString(object, 'spec', 'list', 0, 'name')).toBe('a');
    expect(json.getObjects(object, 'spec', 'list')).toEqual([{ name: 'a' }]);
    expect(json.getStringMap(object, 'labels')).toEqual({ a: 'b' });
  });

  it('answer undefined for what is missing, null, or of another type', () => {
    expect(json.getString(object, 'spec', 'replicas')).toBeUndefined();
    expect(json.getObject(object, 'spec', 'none', 'deep')).toBeUndefined();
    expect(json.getString(object, 'spec', 'list', 7, 'name')).toBeUndefined();
    expect(json.asNumber(Number.NaN)).toBeUndefined();
    expect(json.asInteger(1.5)).toBeUndefined();
  });

  it('do not reach into prototypes', () => {
    expect(json.get({}, 'constructor')).toBeUndefined();
    expect(json.get([], 'length', 'toFixed')).toBeUndefined();
    expect(json.get('text', 'length')).toBeUndefined();
  });
});

describe('equalJson', () => {
  it.each([
    { name: 'order of keys', a: { x: 1, y: 2 }, b: { y: 2, x: 1 }, want: true },
    { name: 'a key that holds undefined', a: { x: 1, y: undefined }, b: { x: 1 }, want: true },
    {
      name: 'undefined against a key with another name',
      a: { x: undefined },
      b: { y: undefined },
      want: true,
    },
    { name: 'null is not absent', a: { x: null }, b: {}, want: false },
    { name: 'order of lists', a: [1, 2], b: [2, 1], want: false },
    { name: 'a list is not an object', a: [], b: {}, want: false },
    { name: 'depth', a: { x: [{ y: 1 }] }, b: { x: [{ y: 1 }] }, want: true },
  ])('$name → $want', ({ a, b, want }) => {
    expect(json.equalJson(a, b)).toBe(want);
    expect(json.equalJson(b, a)).toBe(want);
  });

  it('agrees with stableStringify on any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(json.equalJson(a, b)).toBe(json.stableStringify(a) === json.stableStringify(b));
        expect(json.equalJson(a, structuredClone(a))).toBe(true);
      }),
    );
  });
});
