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
} from '../../../test/support/apiserver/client.ts';
import type { Answer } from '../../../test/support/apiserver/client.ts';

const AT = `${CONFIGMAPS}/a`;
const WEB = `${DEPLOYMENTS}/web`;

function managers(answer: Answer): string[] {
  const entries = get(answer.body, 'metadata', 'managedFields');
  return Array.isArray(entries)
    ? entries.map((entry) => `${word(get(entry, 'operation'))} ${word(get(entry, 'manager'))}`)
    : [];
}

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

describe('a patch of managedFields alone', () => {
  const fields = (answer: Answer): unknown => get(answer.body, 'metadata', 'managedFields');
  const replace = (value: Json): Json => [{ op: 'replace', path: '/metadata/managedFields', value }];

  /** `one` applies a field, then a plain patch of `two` changes it. */
  async function taken(): Promise<{ client: TestClient; before: Answer; now: Answer }> {
    const client = new TestClient();
    await client.apply(WEB, 'one', deployment('web', { replicas: 2 }));
    const before = await client.get(WEB);
    client.clock.jump(60_000);
    const patch: Json = [{ op: 'replace', path: '/spec/replicas', value: 3 }];
    const now = await client.patch(`${WEB}?fieldManager=two`, 'json', patch);
    return { client, before, now };
  }

  it('gives a field back to the one who had it, and changes nothing else', async () => {
    const { client, before, now } = await taken();
    expect(managers(now)).toEqual(['Apply one', 'Update two']);
    const test: Json = {
      op: 'test',
      path: '/metadata/resourceVersion',
      value: get(now.body, 'metadata', 'resourceVersion') ?? null,
    };
    const given = await client.patch(`${WEB}?fieldManager=two`, 'json', [
      test,
      ...(replace(fields(before) as Json) as Json[]),
    ]);
    expect(given.status).toBe(200);
    expect(fields(given)).toEqual(fields(before));
    expect(get(given.body, 'spec', 'replicas')).toBe(3);
    expect(get(given.body, 'metadata', 'generation')).toBe(get(now.body, 'metadata', 'generation'));
    expect(version(given)).not.toBe(version(now));
    expect((await client.apply(WEB, 'one', deployment('web', { replicas: 2 }))).status).toBe(200);
  });

  it('is refused once somebody else has written', async () => {
    const { client, before, now } = await taken();
    const test: Json = {
      op: 'test',
      path: '/metadata/resourceVersion',
      value: get(before.body, 'metadata', 'resourceVersion') ?? null,
    };
    const late = await client.patch(WEB, 'json', [test, ...(replace(fields(before) as Json) as Json[])]);
    expect(late.status).toBe(422);
    expect(fields(await client.get(WEB))).toEqual(fields(now));
  });

  it.each([
    { what: 'a list with an entry that is none', patch: replace([{ manager: 'one', operation: 'Nope' }]) },
    { what: 'null', patch: replace(null) },
    { what: 'its removal', patch: [{ op: 'remove', path: '/metadata/managedFields' }] as Json },
  ])('changes nothing where it is $what', async ({ patch }) => {
    const { client, now } = await taken();
    const answer = await client.patch(WEB, 'json', patch);
    expect([answer.status, version(answer)]).toEqual([200, version(now)]);
    expect(fields(answer)).toEqual(fields(now));
  });
});
