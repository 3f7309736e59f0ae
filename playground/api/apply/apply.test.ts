import { describe, expect, it } from 'vitest';
import { get, word } from '../json.ts';
import type { Json } from '../json.ts';
import {
  causeFields,
  CONFIGMAPS,
  configMap,
  CRDS,
  DEPLOYMENTS,
  deployment,
  TestClient,
  version,
  widget,
  widgets,
  WIDGETS,
} from '../testing/client.ts';
import type { Answer } from '../testing/client.ts';
import { difference, fromFieldsV1, intersection, toFieldsV1, union } from './fieldset.ts';

const AT = `${CONFIGMAPS}/a`;
const WEB = `${DEPLOYMENTS}/web`;

function managers(answer: Answer): string[] {
  const entries = get(answer.body, 'metadata', 'managedFields');
  return Array.isArray(entries)
    ? entries.map((entry) => `${word(get(entry, 'operation'))} ${word(get(entry, 'manager'))}`)
    : [];
}

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

describe('server-side apply', () => {
  it('creates, and does nothing the second time', async () => {
    const client = new TestClient();
    const first = await client.apply(AT, 'one', configMap('a', { x: '1' }));
    client.clock.jump(60_000);
    const second = await client.apply(AT, 'one', configMap('a', { x: '1' }));
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(version(second)).toBe(version(first));
  });

  it('removes what its only owner leaves out', async () => {
    const client = new TestClient();
    await client.apply(AT, 'one', configMap('a', { x: '1', y: '2' }));
    expect((await client.apply(AT, 'one', configMap('a', { y: '2' }))).body['data']).toEqual({ y: '2' });
  });

  it('keeps a shared field until its last owner drops it', async () => {
    const client = new TestClient();
    await client.apply(AT, 'one', configMap('a', { x: '1', z: '0' }));
    await client.apply(AT, 'two', configMap('a', { x: '1' }));
    expect((await client.apply(AT, 'one', configMap('a', { z: '0' }))).body['data']).toEqual({
      x: '1',
      z: '0',
    });
    expect((await client.apply(AT, 'two', configMap('a'))).body['data']).toEqual({ z: '0' });
  });

  it('refuses to change what another manager owns, and takes it over by force', async () => {
    const client = new TestClient();
    await client.apply(AT, 'one', configMap('a', { x: '1' }));
    const refused = await client.apply(AT, 'two', configMap('a', { x: '2' }));
    expect([refused.status, get(refused.body, 'message')]).toEqual([
      409,
      'Apply failed with 1 conflict: conflict with "one": .data.x',
    ]);
    const forced = await client.apply(AT, 'two', configMap('a', { x: '2' }), '&force=true');
    expect(forced.body['data']).toEqual({ x: '2' });
    expect(managers(forced)).toEqual(['Apply two']);
  });

  it('sees a plain write as an owner too', async () => {
    const client = new TestClient();
    await client.apply(AT, 'one', configMap('a', { x: '1' }));
    const patched = await client.patch(AT, 'merge', { data: { x: '3' } });
    expect(managers(patched)).toEqual(['Update tester']);
    const refused = await client.apply(AT, 'one', configMap('a', { x: '1' }));
    expect([refused.status, causeFields(refused)]).toEqual([409, ['.data.x']]);
  });

  it('lets managers own different items of one list', async () => {
    const client = new TestClient();
    const containers = (...list: Json[]): Json => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { template: { spec: { containers: list } } },
    });
    const images = (answer: Answer): unknown => {
      const list = get(answer.body, 'spec', 'template', 'spec', 'containers');
      return Array.isArray(list) ? list.map((container) => get(container, 'image')) : undefined;
    };
    await client.apply(WEB, 'one', deployment('web'));
    const both = await client.apply(WEB, 'two', containers({ name: 'side', image: 'side:1' }));
    expect(images(both)).toEqual(['shop:1', 'side:1']);
    const one = await client.apply(WEB, 'two', containers());
    expect(images(one)).toEqual(['shop:1']);
  });

  it('moves ownership of replicas to the one who scales', async () => {
    const client = new TestClient();
    await client.apply(WEB, 'one', deployment('web', { replicas: 2 }));
    await client.patch(`${WEB}/scale`, 'merge', { spec: { replicas: 5 } });
    const refused = await client.apply(WEB, 'one', deployment('web', { replicas: 2 }));
    expect([refused.status, causeFields(refused)]).toEqual([409, ['.spec.replicas']]);
    const without = await client.apply(WEB, 'one', deployment('web'));
    expect(get(without.body, 'spec', 'replicas')).toBe(5);
  });

  it('follows the list types of a custom schema', async () => {
    const client = new TestClient();
    const key = { type: 'string' };
    const items = { type: 'object', required: ['k'], properties: { k: key, v: key } };
    const list = {
      type: 'array',
      items,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
    };
    await client.post(
      CRDS,
      widgets({ type: 'object', properties: { list, plain: { type: 'array', items: key } } }),
    );
    const at = `${WIDGETS}/w`;
    await client.apply(at, 'one', widget('w', { list: [{ k: 'a', v: '1' }], plain: ['x'] }));
    const merged = await client.apply(at, 'two', widget('w', { list: [{ k: 'b', v: '2' }] }));
    expect(get(merged.body, 'spec', 'list')).toEqual([
      { k: 'a', v: '1' },
      { k: 'b', v: '2' },
    ]);
    expect(
      (await client.apply(at, 'two', widget('w', { plain: ['y'] }))).status,
      'a plain list has one owner',
    ).toBe(409);
  });

  it('starts from before-first-apply when nobody was tracked', async () => {
    const client = new TestClient();
    await client.post(CONFIGMAPS, configMap('a', { x: '1' }));
    await client.patch(AT, 'merge', { metadata: { managedFields: [] } });
    expect((await client.apply(AT, 'one', configMap('a', { x: '2' }))).status).toBe(409);
    expect(managers(await client.apply(AT, 'one', configMap('a', { y: '2' })))).toEqual([
      'Apply one',
      'Update before-first-apply',
    ]);
  });

  it('takes an applied false for what it is, and asks its owner', async () => {
    const client = new TestClient();
    await client.post(DEPLOYMENTS, deployment('web', { paused: true }));
    const running = { apiVersion: 'apps/v1', kind: 'Deployment', spec: { paused: false } };
    expect(causeFields(await client.apply(WEB, 'one', running))).toEqual(['.spec.paused']);
    const forced = await client.apply(WEB, 'one', running, '&force=true');
    expect(forced.status).toBe(200);
    expect(get(forced.body, 'spec', 'paused')).toBeUndefined();
    expect(get(forced.body, 'metadata', 'generation')).toBe(2);
  });
});
