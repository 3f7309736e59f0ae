import { describe, expect, it } from 'vitest';
import { difference, fromFieldsV1, intersection, toFieldsV1, union } from './field-sets.ts';

describe('field sets', () => {
  const a = fromFieldsV1({ 'f:spec': { '.': {}, 'f:x': {}, 'f:y': {} } });
  const b = fromFieldsV1({ 'f:spec': { 'f:y': {}, 'f:z': {} } });

  it('survive the way to FieldsV1 and back', () => {
    expect(toFieldsV1(a)).toEqual({ 'f:spec': { '.': {}, 'f:x': {}, 'f:y': {} } });
  });

  it('unite, intersect and differ path by path', () => {
    expect(toFieldsV1(union(a, b))).toEqual({ 'f:spec': { '.': {}, 'f:x': {}, 'f:y': {}, 'f:z': {} } });
    expect(toFieldsV1(intersection(a, b))).toEqual({ 'f:spec': { 'f:y': {} } });
    expect(toFieldsV1(difference(a, b))).toEqual({ 'f:spec': { '.': {}, 'f:x': {} } });
  });
});
