import { describe, expect, it } from 'vitest';
import { compile, fromCel, toCel } from '../admission/cel.ts';
import { readable } from './read.ts';

const SCOPE = {
  object: null,
  oldObject: null,
  namespaceObject: null,
  request: null,
  params: null,
  variables: null,
};

describe('expressions of admission policies', () => {
  const rewrites = [
    { name: 'an empty construction', given: 'Object{}', want: '{}' },
    { name: 'a field', given: 'Object{spec: 1}', want: '{ "spec": 1}' },
    {
      name: 'nested constructions and maps',
      given: "Object{ metadata: Object.metadata{annotations: {'a': f(b, c)}}, spec: Object.spec{x: [1, 2]} }",
      want: `{ "metadata": { "annotations": {'a': f(b, c)}}, "spec": { "x": [1, 2]} }`,
    },
    {
      name: 'words in strings',
      given: `'Object{a: 1}' + "Object{b: 1}"`,
      want: `'Object{a: 1}' + "Object{b: 1}"`,
    },
    {
      name: 'names that only begin alike',
      given: 'Objects[a] ? oldObject : x',
      want: 'Objects[a] ? oldObject : x',
    },
    {
      name: 'a conditional in a field',
      given: 'Object{a: b ? c : d, e: 1}',
      want: '{ "a": b ? c : d, "e": 1}',
    },
  ];
  for (const { name, given, want } of rewrites) {
    it(`rewrites ${name}`, () => expect(readable(given)).toBe(want));
  }

  const values = [
    { given: 'object.?a == oldObject.?a', want: true },
    { given: 'object.?m == oldObject.?m', want: true },
    { given: 'object.?none == oldObject.?nothing', want: true },
    { given: 'object.?a != object.?none', want: true },
    { given: "object.m[?'k'].orValue(0) == 7", want: true },
    { given: "object.?none[?'k'].hasValue()", want: false },
    { given: 'object.l.filter(x, x > 1)', want: [2, 3] },
    {
      given: "[JSONPatch{op: 'add', path: '/x', value: object.m}]",
      want: [{ op: 'add', path: '/x', value: { k: 7 } }],
    },
    { given: 'Object{spec: Object.spec{n: object.l.size() + 1}}', want: { spec: { n: 4 } } },
  ];
  for (const { given, want } of values) {
    it(`evaluates ${given}`, () => {
      const object = toCel({ a: 'x', m: { k: 7 }, l: [1, 2, 3] });
      expect(fromCel(compile(given)({ ...SCOPE, object, oldObject: object }))).toEqual(want);
    });
  }

  it('refuses names it does not know and syntax it cannot read', () => {
    expect(() => compile('authorizer.path("/x")')).toThrow(/authorizer/);
    expect(() => compile('object.(')).toThrow();
  });
});
