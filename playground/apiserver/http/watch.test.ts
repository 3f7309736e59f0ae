import { describe, expect, it } from 'vitest';
import { settle } from '../../../test/support/virtual-clock.ts';
import { get, word } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { CONFIGMAPS, configMap, TestClient, version } from '../../../test/support/apiserver/client.ts';

const AT = `${CONFIGMAPS}/a`;
const types = (events: JsonObject[]): string[] =>
  events.map((event) => `${word(event['type'])} ${word(get(event, 'object', 'metadata', 'name'), '-')}`);

describe('watch', () => {
  it('sends each change once, and nothing for a write that changes nothing', async () => {
    const client = new TestClient();
    const seed = await client.post(CONFIGMAPS, configMap('seed'));
    const watch = await client.watch(`${CONFIGMAPS}?watch=true&resourceVersion=${version(seed)}`);
    await client.post(CONFIGMAPS, configMap('a', { x: '1' }));
    await client.patch(AT, 'merge', { data: { x: '2' } });
    await client.patch(AT, 'merge', { data: { x: '2' } });
    await client.delete(AT);
    await settle();
    expect(types(watch.read())).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
  });

  it('replays from an old version', async () => {
    const client = new TestClient();
    const seed = await client.post(CONFIGMAPS, configMap('a', { x: '1' }));
    await client.patch(AT, 'merge', { data: { x: '2' } });
    const watch = await client.watch(`${CONFIGMAPS}?watch=1&resourceVersion=${version(seed)}`);
    await settle();
    expect(types(watch.read())).toEqual(['MODIFIED a']);
  });

  it('shows leaving a selector as DELETED with the last matching state', async () => {
    const client = new TestClient();
    const seed = await client.post(CONFIGMAPS, configMap('a', { x: '1' }, { labels: { on: 'yes' } }));
    const watch = await client.watch(
      `${CONFIGMAPS}?watch=true&labelSelector=on%3Dyes&resourceVersion=${version(seed)}`,
    );
    const left = await client.patch(AT, 'merge', { metadata: { labels: { on: 'no' } }, data: { x: '2' } });
    await client.patch(AT, 'merge', { data: { x: '3' } });
    await settle();
    expect(types(watch.read())).toEqual(['DELETED a']);
    expect(get(watch.read()[0], 'object', 'data')).toEqual({ x: '1' });
    expect(get(watch.read()[0], 'object', 'metadata', 'resourceVersion')).toBe(String(version(left)));
  });

  it('streams the state, marks its end, then goes on', async () => {
    const client = new TestClient();
    await client.post(CONFIGMAPS, configMap('a'));
    const query =
      'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const watch = await client.watch(`${CONFIGMAPS}?${query}`);
    await client.post(CONFIGMAPS, configMap('b'));
    await settle();
    expect(types(watch.read())).toEqual(['ADDED a', 'BOOKMARK -', 'ADDED b']);
    const annotations = get(watch.read()[1], 'object', 'metadata', 'annotations');
    expect(annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  });

  it('answers a compacted version with one ERROR 410 and ends', async () => {
    const client = new TestClient();
    const watch = await client.watch(`${CONFIGMAPS}?watch=true&resourceVersion=1`);
    await settle();
    expect(watch.read().map((event) => [event['type'], get(event, 'object', 'code')])).toEqual([
      ['ERROR', 410],
    ]);
    expect(watch.ended()).toBe(true);
  });

  it('ends after timeoutSeconds, a bookmark shortly before', async () => {
    const client = new TestClient();
    const watch = await client.watch(`${CONFIGMAPS}?watch=true&timeoutSeconds=10&allowWatchBookmarks=true`);
    await client.post(CONFIGMAPS, configMap('a'));
    await client.clock.advance(9000);
    expect(types(watch.read())).toEqual(['ADDED a', 'BOOKMARK -']);
    expect(watch.ended()).toBe(false);
    await client.clock.advance(1000);
    expect(watch.ended()).toBe(true);
  });

  it('leaves no timer behind when the client goes', async () => {
    const client = new TestClient();
    const watch = await client.watch(`${CONFIGMAPS}?watch=true&allowWatchBookmarks=true`);
    expect(client.clock.pending).toBeGreaterThan(0);
    watch.close();
    await settle();
    expect(client.clock.pending).toBe(0);
  });

  it('ends when the server closes', async () => {
    const client = new TestClient();
    const watch = await client.watch(`${CONFIGMAPS}?watch=true`);
    client.server.close();
    await settle();
    expect(watch.ended()).toBe(true);
  });
});
