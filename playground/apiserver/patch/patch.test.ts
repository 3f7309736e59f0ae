import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../json.ts';
import { builtinSchema } from '../schema/builtin.ts';
import { jsonPatch, JsonPatchError } from './json-patch.ts';
import { mergePatch } from './merge.ts';
import { strategicPatch, StrategicPatchError } from './strategic.ts';

describe('mergePatch', () => {
  it.each<{ name: string; target: Json; patch: Json; want: Json }>([
    { name: 'merges maps', target: { a: { x: 1 } }, patch: { a: { y: 2 } }, want: { a: { x: 1, y: 2 } } },
    { name: 'removes by null', target: { a: 1, b: 2 }, patch: { a: null }, want: { b: 2 } },
    { name: 'replaces lists whole', target: { a: [1, 2] }, patch: { a: [3] }, want: { a: [3] } },
    { name: 'drops nulls of new maps', target: {}, patch: { a: { b: null, c: 1 } }, want: { a: { c: 1 } } },
    { name: 'replaces a scalar by a map', target: { a: 1 }, patch: { a: { b: 2 } }, want: { a: { b: 2 } } },
  ])('$name', ({ target, patch, want }) => {
    const before = JSON.stringify(target);
    expect(mergePatch(target, patch)).toEqual(want);
    expect(JSON.stringify(target), 'the target is not changed').toBe(before);
  });
});

describe('jsonPatch', () => {
  const document = { data: { x: '1' }, list: ['a', 'b'] };
  it.each<{ name: string; patch: Json[]; want: Json }>([
    {
      name: 'adds and removes',
      patch: [
        { op: 'add', path: '/data/y', value: '2' },
        { op: 'remove', path: '/data/x' },
      ],
      want: { ...document, data: { y: '2' } },
    },
    {
      name: 'treats replace of a missing member as add',
      patch: [{ op: 'replace', path: '/data/z', value: '3' }],
      want: { ...document, data: { x: '1', z: '3' } },
    },
    {
      name: 'appends with a dash',
      patch: [{ op: 'add', path: '/list/-', value: 'c' }],
      want: { ...document, list: ['a', 'b', 'c'] },
    },
    {
      name: 'inserts into a list',
      patch: [{ op: 'add', path: '/list/1', value: 'c' }],
      want: { ...document, list: ['a', 'c', 'b'] },
    },
    {
      name: 'passes a test of null for what is missing',
      patch: [{ op: 'test', path: '/nope', value: null }],
      want: document,
    },
    {
      name: 'unescapes pointers',
      patch: [{ op: 'add', path: '/data/a~1b~0c', value: '1' }],
      want: { ...document, data: { x: '1', 'a/b~c': '1' } },
    },
    {
      name: 'moves',
      patch: [{ op: 'move', from: '/data/x', path: '/data/y' }],
      want: { ...document, data: { y: '1' } },
    },
    {
      name: 'copies',
      patch: [{ op: 'copy', from: '/list', path: '/again' }],
      want: { ...document, again: ['a', 'b'] },
    },
  ])('$name', ({ patch, want }) => {
    expect(jsonPatch(document, patch)).toEqual(want);
  });

  it.each<{ name: string; patch: Json[] }>([
    { name: 'a failed test', patch: [{ op: 'test', path: '/data/x', value: '2' }] },
    { name: 'remove of a missing member', patch: [{ op: 'remove', path: '/data/nope' }] },
    { name: 'add below a missing parent', patch: [{ op: 'add', path: '/nope/x', value: 1 }] },
    { name: 'an index out of range', patch: [{ op: 'remove', path: '/list/2' }] },
    { name: 'an unknown operation', patch: [{ op: 'explode', path: '/data' }] },
    { name: 'copy of a missing source', patch: [{ op: 'copy', from: '/nope', path: '/x' }] },
  ])('refuses $name', ({ patch }) => {
    expect(() => jsonPatch(document, patch)).toThrow(JsonPatchError);
    expect(document, 'nothing of it is kept').toEqual({ data: { x: '1' }, list: ['a', 'b'] });
  });
});

const pod = (containers: Json[]): JsonObject => ({ spec: { containers } });
const apply = (target: JsonObject, patch: JsonObject): JsonObject =>
  strategicPatch(builtinSchema('V1Pod'), target, patch);

describe('strategicPatch', () => {
  it.each<{ name: string; target: JsonObject; patch: JsonObject; want: JsonObject }>([
    {
      name: 'merges list items by their key',
      target: pod([{ name: 'a', image: '1', tty: true }]),
      patch: pod([{ name: 'a', image: '2' }]),
      want: pod([{ name: 'a', image: '2', tty: true }]),
    },
    {
      name: 'puts a new item first',
      target: pod([{ name: 'a' }]),
      patch: pod([{ name: 'b' }]),
      want: pod([{ name: 'b' }, { name: 'a' }]),
    },
    {
      name: 'keeps the order of the patch next to known items',
      target: pod([{ name: 'a' }, { name: 'b' }]),
      patch: pod([{ name: 'b', image: 'x' }, { name: 'c' }]),
      want: pod([{ name: 'a' }, { name: 'b', image: 'x' }, { name: 'c' }]),
    },
    {
      name: 'deletes an item',
      target: pod([{ name: 'a' }, { name: 'b' }]),
      patch: pod([{ name: 'a', $patch: 'delete' }]),
      want: pod([{ name: 'b' }]),
    },
    {
      name: 'replaces a list on demand',
      target: pod([{ name: 'a' }]),
      patch: pod([{ $patch: 'replace' }, { name: 'z' }]),
      want: pod([{ name: 'z' }]),
    },
    {
      name: 'orders by $setElementOrder',
      target: pod([{ name: 'a' }, { name: 'b' }]),
      patch: { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] } },
      want: pod([{ name: 'b' }, { name: 'a' }]),
    },
    {
      name: 'replaces lists without a key',
      target: pod([{ name: 'a', args: ['x', 'y'] }]),
      patch: pod([{ name: 'a', args: ['z'] }]),
      want: pod([{ name: 'a', args: ['z'] }]),
    },
    {
      name: 'adds to lists of scalars',
      target: { metadata: { finalizers: ['x/a'] } },
      patch: { metadata: { finalizers: ['x/b'] } },
      want: { metadata: { finalizers: ['x/b', 'x/a'] } },
    },
    {
      name: 'takes from lists of scalars',
      target: { metadata: { finalizers: ['x/a', 'x/b'] } },
      patch: { metadata: { '$deleteFromPrimitiveList/finalizers': ['x/a'] } },
      want: { metadata: { finalizers: ['x/b'] } },
    },
    {
      name: 'replaces a map on demand',
      target: { metadata: { labels: { a: '1' } } },
      patch: { metadata: { labels: { $patch: 'replace', b: '2' } } },
      want: { metadata: { labels: { b: '2' } } },
    },
    {
      name: 'retains keys',
      target: { spec: { a: 1, b: 2 } },
      patch: { spec: { $retainKeys: ['b', 'c'], c: 3 } },
      want: { spec: { b: 2, c: 3 } },
    },
  ])('$name', ({ target, patch, want }) => {
    expect(apply(target, patch)).toEqual(want);
  });

  it('refuses an item without its key and an unknown directive', () => {
    expect(() => apply(pod([{ name: 'a' }]), pod([{ image: 'x' }]))).toThrow(StrategicPatchError);
    expect(() => apply({ metadata: { labels: {} } }, { metadata: { labels: { $patch: 'bogus' } } })).toThrow(
      StrategicPatchError,
    );
  });
});
