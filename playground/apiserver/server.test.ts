import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/virtual-clock.ts';
import { get, word } from './json.ts';
import type { JsonObject } from './json.ts';
import {
  causeFields,
  CONFIGMAPS,
  configMap,
  CRDS,
  DEPLOYMENTS,
  deployment,
  PODS,
  TestClient,
  version,
  widget,
  widgets,
  WIDGETS,
} from '../../test/support/apiserver/client.ts';

const AT = `${CONFIGMAPS}/a`;
const WEB = `${DEPLOYMENTS}/web`;
const generation = (answer: { body: JsonObject }): unknown => get(answer.body, 'metadata', 'generation');

describe('objects', () => {
  it('come back with defaults, identity and generation', async () => {
    const client = new TestClient();
    const { status, body } = await client.post(DEPLOYMENTS, deployment('web'));
    expect(status).toBe(201);
    expect(get(body, 'spec', 'strategy')).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
    });
    expect(get(body, 'metadata', 'generation')).toBe(1);
    expect(get(body, 'metadata', 'uid')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });

  it('are the same in every run with the same clock and seed', async () => {
    const once = async (): Promise<string> =>
      JSON.stringify(
        (await new TestClient().post(CONFIGMAPS, { ...configMap('x'), metadata: { generateName: 'gen-' } }))
          .body,
      );
    expect(await once()).toBe(await once());
  });

  it('keep their version when a write changes nothing', async () => {
    const client = new TestClient();
    const made = await client.post(CONFIGMAPS, configMap('a', { n: '0' }));
    client.clock.jump(5000);
    for (const again of [
      await client.put(AT, configMap('a', { n: '0' })),
      await client.patch(AT, 'merge', {}),
      await client.patch(AT, 'json', []),
    ]) {
      expect(version(again)).toBe(version(made));
    }
  });

  it('refuse a stale write', async () => {
    const client = new TestClient();
    const made = await client.post(CONFIGMAPS, configMap('a'));
    await client.patch(AT, 'merge', { data: { x: '1' } });
    const stale = await client.put(
      AT,
      configMap('a', { x: '2' }, { resourceVersion: String(version(made)) }),
    );
    expect([stale.status, get(stale.body, 'reason')]).toEqual([409, 'Conflict']);
  });

  it('count spec changes, and for Deployments annotations, but neither labels nor status', async () => {
    const client = new TestClient();
    await client.post(DEPLOYMENTS, deployment('web'));
    expect(generation(await client.patch(WEB, 'merge', { metadata: { labels: { x: 'y' } } }))).toBe(1);
    expect(generation(await client.patch(WEB, 'merge', { metadata: { annotations: { x: 'y' } } }))).toBe(2);
    expect(generation(await client.patch(WEB, 'merge', { spec: { paused: true } }))).toBe(3);
    expect(
      generation(await client.patch(`${WEB}/status`, 'merge', { status: { observedGeneration: 3 } })),
    ).toBe(3);
  });

  it('write status and spec through different doors', async () => {
    const client = new TestClient();
    await client.post(DEPLOYMENTS, deployment('web'));
    const main = await client.patch(WEB, 'merge', { status: { replicas: 9 }, spec: { minReadySeconds: 3 } });
    expect([get(main.body, 'status', 'replicas'), get(main.body, 'spec', 'minReadySeconds')]).toEqual([
      undefined,
      3,
    ]);
    const status = await client.patch(`${WEB}/status`, 'merge', {
      status: { replicas: 1 },
      spec: { minReadySeconds: 7 },
    });
    expect([get(status.body, 'status', 'replicas'), get(status.body, 'spec', 'minReadySeconds')]).toEqual([
      1, 3,
    ]);
  });

  it('name every fault of a bad one', async () => {
    const client = new TestClient();
    const bad = await client.post(DEPLOYMENTS, {
      ...deployment('web', { replicas: -1 }),
      metadata: { name: 'Bad_Name' },
    });
    expect(bad.status).toBe(422);
    expect(causeFields(bad)).toEqual(['metadata.name', 'spec.replicas']);
  });

  it('warn of unknown fields, or refuse them when asked to', async () => {
    const client = new TestClient();
    const warned = await client.post(DEPLOYMENTS, deployment('web', { bogus: 1 }));
    expect([warned.status, warned.headers['warning']]).toEqual([
      201,
      '299 - "unknown field \\"spec.bogus\\""',
    ]);
    const strict = await client.post(
      `${DEPLOYMENTS}?fieldValidation=Strict`,
      deployment('other', { bogus: 1 }),
    );
    expect(strict.status).toBe(400);
  });

  it('are not stored by a dry run', async () => {
    const client = new TestClient();
    expect((await client.post(`${CONFIGMAPS}?dryRun=All`, configMap('a'))).status).toBe(201);
    expect((await client.get(AT)).status).toBe(404);
  });
});

describe('deletion', () => {
  it('waits for finalizers and returns the object once more when the last one goes', async () => {
    const client = new TestClient();
    await client.post(CONFIGMAPS, configMap('a', {}, { finalizers: ['example.com/f'] }));
    const marked = await client.delete(AT);
    expect(get(marked.body, 'metadata', 'deletionTimestamp')).toBe('2026-01-01T00:00:00Z');
    const released = await client.patch(AT, 'merge', { metadata: { finalizers: null } });
    expect([released.status, version(released)]).toEqual([200, version(marked)]);
    expect((await client.get(AT)).status).toBe(404);
  });

  it.each([
    ['Foreground', 'foregroundDeletion'],
    ['Orphan', 'orphan'],
  ])('marks the object for %s', async (propagationPolicy, finalizer) => {
    const client = new TestClient();
    await client.post(CONFIGMAPS, configMap('a'));
    const { body } = await client.delete(AT, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy });
    expect(get(body, 'metadata', 'finalizers')).toEqual([finalizer]);
  });

  it('checks the uid', async () => {
    const client = new TestClient();
    await client.post(CONFIGMAPS, configMap('a'));
    const refused = await client.delete(AT, { preconditions: { uid: 'other' } });
    expect([refused.status, (await client.get(AT)).status]).toEqual([409, 200]);
  });

  it('gives a scheduled pod its grace period', async () => {
    const client = new TestClient();
    const spec = { nodeName: 'n', containers: [{ name: 'app', image: 'x' }] };
    await client.post(PODS, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec });
    const { body } = await client.delete(`${PODS}/p`);
    expect(get(body, 'metadata', 'deletionGracePeriodSeconds')).toBe(30);
    await client.delete(`${PODS}/p?gracePeriodSeconds=0`);
    expect((await client.get(`${PODS}/p`)).status).toBe(404);
  });

  it('of a namespace refuses new content at once', async () => {
    const client = new TestClient();
    await client.post('/api/v1/namespaces', { metadata: { name: 'x' } });
    await client.delete('/api/v1/namespaces/x');
    expect((await client.post('/api/v1/namespaces/x/configmaps', configMap('late'))).status).toBe(403);
  });
});

describe('lists', () => {
  it('come in pages that show one state of the collection', async () => {
    const client = new TestClient();
    for (const name of ['a', 'b', 'c']) await client.post(CONFIGMAPS, configMap(name));
    const first = await client.get(`${CONFIGMAPS}?limit=2`);
    await client.delete(`${CONFIGMAPS}/c`);
    const next = await client.get(
      `${CONFIGMAPS}?limit=2&continue=${word(get(first.body, 'metadata', 'continue'))}`,
    );
    expect(version(next)).toBe(version(first));
    expect((next.body['items'] as JsonObject[]).map((item) => get(item, 'metadata', 'name'))).toEqual(['c']);
  });

  it('of a version that does not exist yet time out', async () => {
    const client = new TestClient();
    const pending = client.get(`${CONFIGMAPS}?resourceVersion=99999999`);
    await client.clock.advance(3000);
    expect((await pending).status).toBe(504);
  });
});

describe('custom resources', () => {
  const spec = {
    type: 'object',
    properties: { size: { type: 'integer', default: 1, maximum: 5 }, min: { type: 'integer' } },
    'x-kubernetes-validations': [
      { rule: '!has(self.min) || self.min <= self.size', message: 'min is above size' },
    ],
  };

  it('are defaulted, pruned and validated by schema and rules', async () => {
    const client = new TestClient();
    expect((await client.post(CRDS, widgets(spec))).status).toBe(201);
    const made = await client.post(WIDGETS, widget('w', { junk: true }));
    expect(made.body['spec']).toEqual({ size: 1 });
    expect(causeFields(await client.post(WIDGETS, widget('x', { size: 9 })))).toEqual(['spec.size', '<nil>']);
    const ruled = await client.post(WIDGETS, widget('x', { min: 3 }));
    expect([ruled.status, get(ruled.body, 'message')]).toEqual([
      422,
      expect.stringContaining('min is above size'),
    ]);
  });

  it('tolerate old values that a new schema forbids until they are touched', async () => {
    const client = new TestClient();
    await client.post(
      CRDS,
      widgets({ type: 'object', properties: { size: { type: 'integer' }, note: { type: 'string' } } }),
    );
    await client.post(WIDGETS, widget('w', { size: 7 }));
    const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size/maximum';
    await client.patch(`${CRDS}/widgets.example.com`, 'json', [{ op: 'add', path, value: 5 }]);
    expect((await client.patch(`${WIDGETS}/w`, 'merge', { spec: { note: 'n' } })).status).toBe(200);
    expect((await client.patch(`${WIDGETS}/w`, 'merge', { spec: { size: 8 } })).status).toBe(422);
  });

  it('go with their definition', async () => {
    const client = new TestClient();
    await client.post(CRDS, widgets(spec));
    await client.post(WIDGETS, widget('w', {}));
    await settle();
    await client.delete(`${CRDS}/widgets.example.com`);
    await settle();
    expect((await client.get(`${CRDS}/widgets.example.com`)).status).toBe(404);
    expect((await client.get(WIDGETS)).status).toBe(404);
  });

  it.each([
    [
      'a default of the wrong type',
      { type: 'object', properties: { a: { type: 'string', default: 5 } } },
      'default',
    ],
    [
      'a rule that does not compile',
      {
        type: 'object',
        properties: { a: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self.x > 1' }] } },
      },
      'rule',
    ],
    ['a field without a type', { type: 'object', properties: { a: {} } }, 'type'],
  ])('are not defined with %s', async (_name, bad, field) => {
    const refused = await new TestClient().post(CRDS, widgets(bad));
    expect(refused.status).toBe(422);
    expect(causeFields(refused)).toEqual([expect.stringMatching(new RegExp(`${field}$`))]);
  });
});

describe('access', () => {
  it('needs the token where there is one, health excepted', async () => {
    const client = new TestClient('secret');
    expect((await client.get(CONFIGMAPS)).status).toBe(403);
    expect((await client.raw('GET', CONFIGMAPS, '', { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await client.get('/readyz')).status).toBe(200);
    const response = await client.raw('GET', CONFIGMAPS, '', { authorization: 'Bearer secret' });
    expect(response.status).toBe(200);
  });
});

describe('the in-process client', () => {
  const object = configMap('a', { x: '1' }, { namespace: 'default' }) as unknown as Parameters<
    TestClient['server']['store']['create']
  >[1];

  it('hands out copies', () => {
    const { store } = new TestClient().server;
    const made = store.create('configmaps', object);
    (made['data'] as Record<string, string>)['x'] = 'changed';
    expect(store.get('configmaps', 'default', 'a')?.['data']).toEqual({ x: '1' });
  });

  it('tells of changes in order, after the write has returned', async () => {
    const { store } = new TestClient().server;
    const seen: string[] = [];
    const stop = store.watch((event) => {
      seen.push(`${event.type} ${event.resource} ${event.object.metadata.name}`);
      if (event.type === 'ADDED') store.delete('configmaps', 'default', 'a');
    });
    store.create('configmaps', object);
    seen.push('returned');
    await settle();
    stop();
    expect(seen.filter((line) => !line.includes('namespaces'))).toEqual([
      'returned',
      'ADDED configmaps a',
      'DELETED configmaps a',
    ]);
  });

  it('throws what a client would get over HTTP', () => {
    const { store } = new TestClient().server;
    store.create('configmaps', object);
    expect(() => store.create('configmaps', object)).toThrow(
      expect.objectContaining({ code: 409, reason: 'AlreadyExists' }),
    );
  });

  it('sees a kind that is not served as empty', () => {
    expect(new TestClient().server.store.list('nopes.example.com')).toEqual([]);
  });
});
