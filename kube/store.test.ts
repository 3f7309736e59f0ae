import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import { isNewer, Store } from './store.ts';
import type { Change } from './store.ts';

const pod = (name: string, resourceVersion: string, namespace = 'team'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, resourceVersion },
});

const names = (store: Store): string[] =>
  store.list().map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);

function recording(): { store: Store; told: string[] } {
  const store = new Store();
  const told: string[] = [];
  store.onChange((change: Change) => told.push(`${change.type} ${change.object.metadata.name}`));
  return { store, told };
}

describe('a store', () => {
  it('is synced from its first list on, and says so once', () => {
    const store = new Store();
    let synced = 0;
    store.onSynced(() => (synced += 1));
    expect(store.synced).toBe(false);
    store.replace([], '5');
    store.replace([], '6');
    expect([store.synced, synced]).toEqual([true, 1]);
  });

  it('follows a list and the events after it, by name and by namespace', () => {
    const { store, told } = recording();
    store.replace([pod('a', '1'), pod('b', '2', 'other')], '5');
    store.observe('ADDED', pod('c', '6'));
    store.observe('MODIFIED', pod('a', '7'));
    store.observe('DELETED', pod('b', '8', 'other'));
    expect(names(store)).toEqual(['a@7', 'c@6']);
    expect(store.get('team', 'a')?.metadata.resourceVersion).toBe('7');
    expect(store.byNamespace('team')).toHaveLength(2);
    expect(store.byNamespace('other')).toEqual([]);
    expect(told).toEqual(['ADDED a', 'ADDED b', 'ADDED c', 'MODIFIED a', 'DELETED b']);
  });

  it('tells only of differences when it is listed again', () => {
    const { store, told } = recording();
    store.replace([pod('a', '1'), pod('b', '2'), pod('c', '3')], '5');
    told.length = 0;
    store.replace([pod('a', '1'), pod('b', '7')], '8');
    expect(told).toEqual(['DELETED c', 'MODIFIED b']);
  });

  it('freezes what it holds all the way down', () => {
    const store = new Store();
    store.replace([{ ...pod('a', '1'), spec: { containers: [{ name: 'x' }] } }], '1');
    const containers = store.get('team', 'a')?.spec?.['containers'] as { name: string }[];
    expect(() => containers.push({ name: 'y' })).toThrow(TypeError);
  });
});

describe('a write of our own', () => {
  it('is seen at once, and a late event or list does not undo it', () => {
    const { store, told } = recording();
    store.replace([pod('a', '10')], '10');
    store.written(pod('a', '12'));
    expect(names(store)).toEqual(['a@12']);
    store.observe('MODIFIED', pod('a', '11'));
    store.replace([pod('a', '11')], '11');
    store.observe('MODIFIED', pod('a', '12'));
    expect(names(store)).toEqual(['a@12']);
    expect(told).toEqual(['ADDED a', 'MODIFIED a']);
  });

  it('that created an object survives a list taken before it', () => {
    const { store } = recording();
    store.replace([], '10');
    store.written(pod('new', '12'));
    store.replace([], '11');
    expect(names(store)).toEqual(['new@12']);
    store.replace([], '13');
    expect(names(store)).toEqual([]);
  });

  it('does not bring back what was deleted since: the answer came after the events', () => {
    const { store } = recording();
    store.replace([], '10');
    store.observe('ADDED', pod('a', '12'));
    store.observe('DELETED', pod('a', '13'));
    store.written(pod('a', '12'));
    expect(names(store)).toEqual([]);
  });

  it('is not undone by the deletion of an older object of that name', () => {
    const { store } = recording();
    store.replace([pod('a', '10')], '10');
    store.written(pod('a', '14'));
    store.observe('DELETED', pod('a', '12'));
    expect(names(store)).toEqual(['a@14']);
  });
});

describe('a server whose history went back', () => {
  it('is believed: objects of lower versions take the place of those known', () => {
    const { store } = recording();
    store.replace([pod('a', '500'), pod('b', '501')], '600');
    store.replace([pod('a', '20')], '30');
    expect(names(store)).toEqual(['a@20']);
    expect(store.byNamespace('team')).toEqual([store.get('team', 'a')]);
    store.observe('MODIFIED', pod('a', '31'));
    expect(names(store)).toEqual(['a@31']);
  });

  it('a kind that is not there (any more) is an empty, synced collection', () => {
    const { store } = recording();
    store.replace([pod('a', '500')], '600');
    store.absent();
    expect([names(store), store.synced]).toEqual([[], true]);
    store.replace([pod('a', '3')], '4');
    expect(names(store)).toEqual(['a@3']);
  });
});

describe('versions', () => {
  const table = [
    { version: '10', than: '9', want: true },
    { version: '9', than: '10', want: false },
    { version: '10', than: '10', want: false },
    { version: '99999999999999999999', than: '99999999999999999998', want: true },
  ];
  it.each(table)('$version is newer than $than: $want', ({ version, than, want }) => {
    expect(isNewer(version, than)).toBe(want);
  });
});
