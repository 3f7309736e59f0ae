import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../test/support/eventually.ts';
import { RESOURCES } from '../api/resources.ts';
import { ScriptedServer } from '../test/support/scripted-server.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { KubeClient } from './client.ts';
import {
  isAlreadyExists,
  isConflict,
  isGone,
  isInvalid,
  isNotFound,
  isRetryable,
  KubeError,
} from './errors.ts';

let server: ScriptedServer;
let clock: VirtualClock;
let client: KubeClient;

beforeEach(async () => {
  server = await ScriptedServer.start();
  clock = new VirtualClock();
  const { transport } = await server.connect({ token: 's3cret' });
  client = new KubeClient({ transport, clock, fieldManager: 'sluice', resources: Object.values(RESOURCES) });
});

afterEach(() => server.close());

const shop = { resource: RESOURCES.deployments, namespace: 'team', name: 'shop' };
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'shop' } };
const status = (code: number, reason: string, details = {}) => ({
  kind: 'Status',
  code,
  reason,
  message: `because ${reason}`,
  details,
});

/** Starts a call, lets the test answer it and returns the error that the call ended with. */
async function failureOf(call: Promise<unknown>, respond: () => Promise<void>): Promise<KubeError> {
  const failed = call.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: unknown) => error as KubeError,
  );
  await respond();
  return failed;
}

describe('reading', () => {
  it('sends credentials and gives the raw object back, unknown fields included', async () => {
    const call = client.get(shop);
    const request = await server.next();
    expect(request.url.pathname).toBe('/apis/apps/v1/namespaces/team/deployments/shop');
    expect(request.headers.authorization).toBe('Bearer s3cret');
    expect(request.headers['user-agent']).toBe('sluice-test');
    request.answer(200, {
      ...DEPLOYMENT,
      spec: { fieldOfTheFuture: [1, null] },
    });
    expect((await call)?.spec).toEqual({ fieldOfTheFuture: [1, null] });
  });

  it('takes an object that does not exist for a value', async () => {
    const call = client.get(shop);
    (await server.next()).answer(404, status(404, 'NotFound'));
    expect(await call).toBeUndefined();
  });

  it('puts multi-byte text together that arrives in pieces', async () => {
    const call = client.get(shop);
    const request = await server.next();
    request.open();
    const bytes = Buffer.from(JSON.stringify({ ...DEPLOYMENT, metadata: { name: 'grüße' } }));
    const cut = bytes.indexOf(0xc3) + 1;
    request.raw(bytes.subarray(0, cut) as unknown as string);
    request.raw(bytes.subarray(cut) as unknown as string);
    request.end();
    expect((await call)?.metadata.name).toBe('grüße');
  });

  it('follows the pages of a list and fills in the kind that items of built-in lists lack', async () => {
    const call = client.listAll(RESOURCES.pods, { namespace: 'team', labelSelector: 'a=b' }, 2);
    const first = await server.next();
    expect(Object.fromEntries(first.url.searchParams)).toEqual({ limit: '2', labelSelector: 'a=b' });
    first.answer(200, {
      metadata: { resourceVersion: '70', continue: 'more' },
      items: [{ metadata: { name: 'p1' } }, { metadata: { name: 'p2' } }],
    });
    const second = await server.next();
    expect(second.url.searchParams.get('continue')).toBe('more');
    second.answer(200, {
      metadata: { resourceVersion: '70', continue: '' },
      items: [{ metadata: { name: 'p3' } }],
    });
    const list = await call;
    expect(list.resourceVersion).toBe('70');
    expect(list.items.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
      'Pod/p1',
      'Pod/p2',
      'Pod/p3',
    ]);
  });

  it('reads a list without items as empty', async () => {
    const call = client.list(RESOURCES.releases);
    (await server.next()).answer(200, { metadata: { resourceVersion: '3' }, items: null });
    expect((await call).items).toEqual([]);
  });

  it('asks for metadata only with the media type for it', async () => {
    const call = client.list(RESOURCES.deployments, { metadataOnly: true });
    const request = await server.next();
    expect(request.url.pathname).toBe('/apis/apps/v1/deployments');
    expect(request.headers.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
    request.answer(200, {
      metadata: { resourceVersion: '3' },
      items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'a' } }],
    });
    expect((await call).items[0]?.kind).toBe('Deployment');
  });
});

describe('writing', () => {
  const object = { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'team', name: 'shop-canary' } };
  const service = { resource: RESOURCES.services, namespace: 'team', name: 'shop' };
  const patch = [{ op: 'test' as const, path: '/metadata/generation', value: 4 }];
  const table = [
    {
      title: 'create',
      write: { verb: 'create' as const, object },
      want: [
        'POST',
        '/api/v1/namespaces/team/services',
        'application/json',
        'fieldManager=sluice&fieldValidation=Strict',
      ],
    },
    {
      title: 'apply',
      write: { verb: 'apply' as const, object },
      want: [
        'PATCH',
        '/api/v1/namespaces/team/services/shop-canary',
        'application/apply-patch+yaml',
        'fieldManager=sluice&fieldValidation=Strict&force=true',
      ],
    },
    {
      title: 'JSON patch',
      write: { verb: 'jsonPatch' as const, ref: service, patch },
      want: [
        'PATCH',
        '/api/v1/namespaces/team/services/shop',
        'application/json-patch+json',
        'fieldManager=sluice&fieldValidation=Strict',
      ],
    },
    {
      title: 'merge patch of the status',
      write: {
        verb: 'mergePatch' as const,
        ref: shop,
        patch: { status: {} },
        subresource: 'status' as const,
      },
      want: [
        'PATCH',
        '/apis/apps/v1/namespaces/team/deployments/shop/status',
        'application/merge-patch+json',
        'fieldManager=sluice&fieldValidation=Strict',
      ],
    },
  ];
  it.each(table)(
    '$title goes out with its method, path, media type and field manager',
    async ({ write, want }) => {
      const call = client.execute(write);
      const request = await server.next();
      expect([
        request.method,
        request.url.pathname,
        request.headers['content-type'],
        request.url.searchParams.toString(),
      ]).toEqual(want);
      expect(JSON.parse(request.body)).toEqual('object' in write ? write.object : write.patch);
      request.answer(200, { ...object, metadata: { ...object.metadata, resourceVersion: '9' } });
      expect((await call)?.metadata.resourceVersion).toBe('9');
    },
  );

  it.each([...table, { write: { verb: 'delete' as const, ref: service, uid: 'u-1' } }])(
    'hands on what the server warns of, in however many headers ($write.verb)',
    async ({ write }) => {
      const warnings: string[] = [];
      const call = client.execute(write, { onWarning: (text) => warnings.push(text) });
      (await server.next()).answer(200, object, { warning: ['299 - "a"', '299 - "b, c"'] });
      await call;
      expect(warnings).toEqual(['a', 'b, c']);
    },
  );

  it('a dry run is asked for in the query, and gives no object', async () => {
    const call = client.execute({ verb: 'create', object, dryRun: true });
    const request = await server.next();
    expect(request.url.searchParams.get('dryRun')).toBe('All');
    request.answer(201, object);
    expect(await call).toBeUndefined();
  });

  it('hands on what the server warns of when it refuses', async () => {
    const warnings: string[] = [];
    const call = client.execute({ verb: 'create', object }, { onWarning: (text) => warnings.push(text) });
    await failureOf(call, async () =>
      (await server.next()).answer(422, status(422, 'Invalid'), { warning: '299 istiod "unreachable rule"' }),
    );
    expect(warnings).toEqual(['unreachable rule']);
  });

  it('deletes only the object of that uid, in the background', async () => {
    const call = client.execute({ verb: 'delete', ref: service, uid: 'u-1' });
    const request = await server.next();
    expect(request.method).toBe('DELETE');
    expect(JSON.parse(request.body)).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      preconditions: { uid: 'u-1' },
    });
    request.answer(200, status(200, ''));
    expect(await call).toBeUndefined();
  });

  it('counts a deletion of what is gone as done', async () => {
    const call = client.execute({ verb: 'delete', ref: service, uid: 'u-1' });
    (await server.next()).answer(404, status(404, 'NotFound'));
    expect(await call).toBeUndefined();
  });

  it('refuses a kind it has no address for', () => {
    expect(() => client.create({ ...object, kind: 'Gadget' })).toThrow('unknown kind v1 Gadget');
  });
});

describe('failures', () => {
  const table = [
    { code: 404, reason: 'NotFound', is: isNotFound },
    { code: 409, reason: 'Conflict', is: isConflict },
    { code: 409, reason: 'AlreadyExists', is: isAlreadyExists },
    { code: 410, reason: 'Expired', is: isGone },
    { code: 422, reason: 'Invalid', is: isInvalid },
    { code: 429, reason: 'TooManyRequests', is: isRetryable },
    { code: 503, reason: 'ServiceUnavailable', is: isRetryable },
  ];
  it.each(table)(
    '$code $reason becomes a KubeError with reason, message and details',
    async ({ code, reason, is }) => {
      const error = await failureOf(client.jsonPatch(shop, []), async () =>
        (await server.next()).answer(code, status(code, reason, { name: 'shop' })),
      );
      expect(error).toMatchObject({ code, reason, message: `because ${reason}`, details: { name: 'shop' } });
      expect(is(error)).toBe(true);
      expect([isNotFound, isGone, isInvalid].filter((each) => each !== is && each(error))).toEqual([]);
    },
  );

  it('reads plain text, which proxies and unknown groups answer with', async () => {
    const error = await failureOf(client.list(RESOURCES.httpRoutes), async () =>
      (await server.next()).answer(404, '404 page not found\n', { 'content-type': 'text/plain' }),
    );
    expect(error).toMatchObject({ code: 404, reason: 'HTTP404', message: '404 page not found' });
  });

  it('tells how long the server asks to wait', async () => {
    const error = await failureOf(client.get(shop), async () =>
      (await server.next()).answer(429, status(429, 'TooManyRequests'), { 'retry-after': '7' }),
    );
    expect(error.retryAfterMs).toBe(7000);
  });

  it('a connection that breaks is a retryable KubeError without code', async () => {
    const error = await failureOf(
      client.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', namespace: 'y' } }),
      async () => (await server.next()).destroy(),
    );
    expect(error).toMatchObject({ code: 0, reason: 'NetworkError' });
    expect(isRetryable(error)).toBe(true);
  });

  it('gives up on an answer that does not come to its end within the deadline', async () => {
    const error = await failureOf(client.get(shop), async () => {
      const request = await server.next();
      request.open();
      request.raw('{"kind":');
      await clock.advance(30_000);
      await request.closed;
    });
    expect(error).toMatchObject({ code: 0, reason: 'DeadlineExceeded' });
  });

  it.each([
    { body: {} },
    { body: [] },
    { body: { kind: 'Deployment' } },
    { body: { ...DEPLOYMENT, metadata: 1 } },
  ])(
    'an answer that is no object of Kubernetes ($body) is a retryable KubeError without code',
    async ({ body }) => {
      const error = await failureOf(client.get(shop), async () => {
        (await server.next()).answer(200, body);
      });
      expect(error).toMatchObject({ code: 0, message: 'the answer is not a Kubernetes object' });
    },
  );

  it('leaves no timer behind', async () => {
    const call = client.get(shop);
    (await server.next()).answer(200, DEPLOYMENT);
    await call;
    expect(clock.pending).toBe(0);
  });
});

describe('watching', () => {
  it('hands out events as they arrive, whole even if they come in pieces', async () => {
    const events = client.watch(RESOURCES.pods, {
      namespace: 'team',
      resourceVersion: '5',
      timeoutSeconds: 60,
    });
    const first = events.next();
    const request = await server.next();
    expect(Object.fromEntries(request.url.searchParams)).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '5',
      timeoutSeconds: '60',
    });
    request.open();
    request.raw('{"type":"ADDED","obj');
    request.raw('ect":{"kind":"Pod","metadata":{"name":"p1"}}}\n{"type":"BOOKMARK",');
    expect((await first).value).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'p1' } } });
    request.raw('"object":{"metadata":{"resourceVersion":"9"}}}\n');
    expect((await events.next()).value).toEqual({ type: 'BOOKMARK', resourceVersion: '9' });
    request.end();
    expect((await events.next()).done).toBe(true);
  });

  it('throws the Status of an ERROR event', async () => {
    const events = client.watch(RESOURCES.pods, { resourceVersion: '1' });
    const error = await failureOf(events.next(), async () => {
      const request = await server.next();
      request.open();
      request.event('ERROR', status(410, 'Expired'));
    });
    expect(isGone(error)).toBe(true);
  });

  it('hangs up when the consumer has enough', async () => {
    const events = client.watch(RESOURCES.pods, { resourceVersion: '1' });
    const first = events.next();
    const request = await server.next();
    request.open();
    request.event('ADDED', { metadata: { name: 'p' } });
    await first;
    await events.return(undefined);
    await request.closed;
  });

  it('outlives the deadline of ordinary requests once the answer has begun', async () => {
    const events = client.watch(RESOURCES.pods, { resourceVersion: '1' });
    const first = events.next();
    const request = await server.next();
    request.open();
    await eventually(() => expect(clock.pending).toBe(0));
    await clock.advance(120_000);
    request.event('ADDED', { metadata: { name: 'p' } });
    expect((await first).done).toBe(false);
    await events.return(undefined);
  });
});

describe('a line of a watch that is no event', () => {
  it.each([
    'null',
    '7',
    '"x"',
    '[]',
    '{}',
    '{"type":"ERROR"}',
    '{"type":"ADDED","object":{}}',
    '{"type":"X","object":{"metadata":{}}}',
  ])('%s is an answer that did not come, and no end of the program', async (line) => {
    const first = client.watch(RESOURCES.pods, { resourceVersion: '1' }).next();
    const request = await server.next();
    request.open();
    request.raw(`${line}\n`);
    await expect(first).rejects.toMatchObject({ name: 'KubeError', code: 0, reason: 'NetworkError' });
    request.end();
  });
});
