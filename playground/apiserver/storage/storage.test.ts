import { describe, expect, it } from 'vitest';
import { nameOf, namespaceOf } from './collection.ts';
import { Storage } from './storage.ts';
import type { JsonObject } from '../json.ts';

const object = (namespace: string, name: string, data = ''): JsonObject => ({
  metadata: { namespace, name },
  data,
});
const names = (list: JsonObject[] | undefined): unknown =>
  list?.map((entry) => `${namespaceOf(entry)}/${nameOf(entry)}`);

describe('Storage', () => {
  it('gives every change of any resource a higher version', () => {
    const storage = new Storage();
    const before = storage.version;
    storage.put('configmaps', object('a', 'x'));
    storage.put('pods', object('a', 'x'));
    storage.remove('configmaps', object('a', 'x'));
    expect(storage.version).toBe(before + 3);
  });

  it('lists in the order of "<namespace>/<name>"', () => {
    const storage = new Storage();
    for (const [namespace, name] of [
      ['b', 'a'],
      ['a', 'z'],
      ['a-b', 'y'],
      ['a', 'c'],
    ] as const) {
      storage.put('configmaps', object(namespace, name));
    }
    expect(names(storage.list('configmaps'))).toEqual(['a-b/y', 'a/c', 'a/z', 'b/a']);
    expect(names(storage.list('configmaps', 'a'))).toEqual(['a/c', 'a/z']);
  });

  it('shows a collection as it was at an earlier version', () => {
    const storage = new Storage();
    storage.put('configmaps', object('a', 'kept', '1'));
    storage.put('configmaps', object('a', 'gone'));
    const then = storage.version;
    storage.put('configmaps', object('a', 'kept', '2'));
    storage.remove('configmaps', object('a', 'gone'));
    storage.put('configmaps', object('a', 'new'));
    expect(names(storage.listAt('configmaps', then))).toEqual(['a/gone', 'a/kept']);
    expect(storage.listAt('configmaps', then)?.[1]?.['data']).toBe('1');
    expect(names(storage.list('configmaps'))).toEqual(['a/kept', 'a/new']);
  });

  it('replays what happened after a version, with the state before', () => {
    const storage = new Storage();
    storage.put('configmaps', object('a', 'x', '1'));
    const seen = storage.version;
    storage.put('configmaps', object('a', 'x', '2'));
    storage.remove('configmaps', object('a', 'x', '2'));
    const events = storage.since('configmaps', seen);
    expect(events?.map((event) => [event.type, event.previous?.['data']])).toEqual([
      ['MODIFIED', '1'],
      ['DELETED', '2'],
    ]);
    expect(storage.since('configmaps', 1), 'before everything').toBeUndefined();
  });

  it('forgets old events but not the objects', () => {
    const storage = new Storage();
    const start = storage.version;
    for (let i = 0; i < 26_000; i++) storage.put('configmaps', object('a', 'x', String(i)));
    expect(storage.since('configmaps', start)).toBeUndefined();
    expect(storage.since('configmaps', storage.version - 10)).toHaveLength(10);
    expect(storage.list('configmaps')).toHaveLength(1);
  });

  it('tells only the watchers of the resource, and those of everything', () => {
    const storage = new Storage();
    const seen: string[] = [];
    const stop = storage.subscribe('pods', (event) => seen.push(`pods ${event.type}`));
    storage.subscribe('*', (event) => seen.push(`all ${event.resource}`));
    storage.put('pods', object('a', 'x'));
    storage.put('configmaps', object('a', 'x'));
    stop();
    storage.put('pods', object('a', 'y'));
    expect(seen).toEqual(['pods ADDED', 'all pods', 'all configmaps', 'all pods']);
  });
});
