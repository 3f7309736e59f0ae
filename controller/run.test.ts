import { describe, expect, it } from 'vitest';
import { RESOURCES } from '../api/resources.ts';
import { KubeError } from '../kube/errors.ts';
import type { Transport } from '../kube/types.ts';
import { decide } from '../release/decide.ts';
import { refusal } from '../test/simulation/refusal.ts';
import { shop, worldOfEachTest } from '../test/support/run-controller.ts';

const world = worldOfEachTest();

describe('the controller', () => {
  it('takes a target in and records its first version', async () => {
    const controller = world().start('a');
    await world().api.client.create(shop('v1'));
    await world().clock.advance(60_000);
    expect(await world().releases()).toEqual(['Promoted Initial']);
    const { spec } = (await world().api.client.get({
      resource: RESOURCES.deployments,
      namespace: 'team',
      name: 'shop',
    }))!;
    expect(spec?.['paused']).toBe(true);
    controller.stop.abort();
    await world().clock.advance(0);
    expect(await controller.ended).toBe('stopped');
  });

  it('comes to rest: an idle target costs no writes and hardly any passes', async () => {
    let decisions = 0;
    const controller = world().start('a', (snapshot) => {
      decisions += 1;
      return decide(snapshot);
    });
    await world().api.client.create(shop('v1'));
    await world().clock.advance(60_000);
    const before = await versionOf('Release');
    decisions = 0;
    await world().clock.advance(30 * 60_000);
    expect(decisions).toBeLessThan(15);
    expect(await versionOf('Release')).toBe(before);
    controller.stop.abort();
    await world().clock.advance(0);
    await controller.ended;
  });

  it('leaves no timer and no watch behind, and gives its Lease free', async () => {
    const idle = world().clock.pending;
    const controller = world().start('a');
    await world().api.client.create(shop('v1'));
    await world().clock.advance(60_000);
    controller.stop.abort();
    await world().clock.advance(0);
    await controller.ended;
    const lease = await world().api.client.get({
      resource: RESOURCES.leases,
      namespace: 'sluice-system',
      name: 'sluice-controller',
    });
    expect(lease?.spec?.['holderIdentity']).toBe('');
    expect(world().clock.pending).toBe(idle);
  });

  it('stops while it waits for its turn to lead', async () => {
    const first = world().start('a');
    await world().clock.advance(0);
    const second = world().start('b');
    await world().clock.advance(5_000);
    second.stop.abort();
    await world().clock.advance(0);
    expect(await second.ended).toBe('stopped');
    first.stop.abort();
    await world().clock.advance(0);
    await first.ended;
  });

  it('ends when it cannot renew its Lease, before another may lead', async () => {
    const controller = world().start('a');
    await world().clock.advance(5_000);
    await world().api.client.mergePatch(
      { resource: RESOURCES.leases, namespace: 'sluice-system', name: 'sluice-controller' },
      { spec: { holderIdentity: 'thief' } },
    );
    await world().clock.advance(3_000);
    expect(await controller.ended).toBe('lost');
  });

  it('leaves no write in flight when it has lost its Lease', async () => {
    const hanging: AbortSignal[] = [];
    const transport: Transport = {
      request: async (request) => {
        if (request.method !== 'PATCH' || !request.url.includes('/deployments/'))
          return world().api.transport.request(request);
        const { signal } = request;
        if (signal === undefined) throw new Error('a write without a signal');
        hanging.push(signal);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw signal.reason as Error;
      },
    };
    await world().api.client.create(shop('v1'));
    const controller = world().start('a', decide, transport);
    await world().clock.advance(1_500);
    expect(hanging.map(({ aborted }) => aborted)).toEqual([false]);
    await world().api.client.mergePatch(
      { resource: RESOURCES.leases, namespace: 'sluice-system', name: 'sluice-controller' },
      { spec: { holderIdentity: 'thief' } },
    );
    await world().clock.advance(3_000);
    expect(await controller.ended).toBe('lost');
    expect(hanging.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('is followed by the one that waits, which goes on where it was', async () => {
    const first = world().start('a');
    await world().clock.advance(0);
    const second = world().start('b');
    await world().clock.advance(5_000);
    await world().api.client.create(shop('v1'));
    await world().clock.advance(1_000);
    first.stop.abort();
    await world().clock.advance(60_000);
    expect(await first.ended).toBe('stopped');
    expect(
      world()
        .said('leading')
        .map((line) => line['identity']),
    ).toEqual(['a', 'b']);
    expect(await world().releases()).toEqual(['Promoted Initial']);
    second.stop.abort();
    await world().clock.advance(0);
    await second.ended;
  });

  it('goes on with other targets when one of them cannot be decided', async () => {
    const controller = world().start('a', (snapshot) => {
      if (snapshot.key.name === 'poison') throw new Error('nobody foresaw this');
      return decide(snapshot);
    });
    await world().api.client.create({ ...shop('v1'), metadata: { ...shop('v1').metadata, name: 'poison' } });
    await world().api.client.create(shop('v1'));
    await world().clock.advance(60_000);
    expect(await world().releases()).toEqual(['Promoted Initial']);
    expect(world().said('deciding broke')[0]).toMatchObject({
      target: 'team/poison',
      err: { message: 'nobody foresaw this' },
    });
    controller.stop.abort();
    await world().clock.advance(0);
    await controller.ended;
  });

  it('ends a decision that never ends: other targets go on, and so does its Lease', async () => {
    let endless = 0;
    const controller = world().start('a', (snapshot) => {
      if (snapshot.key.name === 'poison') for (endless += 1; ;);
      return decide(snapshot);
    });
    await world().api.client.create({ ...shop('v1'), metadata: { ...shop('v1').metadata, name: 'poison' } });
    await world().api.client.create(shop('v1'));
    await world().clock.advance(20_000);
    expect(await world().releases()).toEqual(['Promoted Initial']);
    // Once, or a little more often on a busy machine, but not in every pass.
    expect(endless).toBeLessThanOrEqual(3);
    expect(
      world().lines.filter(({ level, target }) => level === 50 && target === 'team/poison')[0],
    ).toMatchObject({
      err: {
        message: expect.stringMatching(/^deciding takes longer than .* tried again at \S+Z$/) as string,
      },
    });
    controller.stop.abort();
    await world().clock.advance(0);
    expect(await controller.ended).toBe('stopped');
  });

  it('tells the owner of a target in a namespace it may not read, and is ready for the others', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'dark' } };
    world().api.server.store.create('namespaces', namespace);
    const transport: Transport = {
      request: (request) =>
        /^\/api\/v1\/(namespaces\/dark\/)?pods\?/.test(request.url)
          ? Promise.reject(new KubeError({ code: 403, reason: 'Forbidden', message: 'no right' }))
          : world().api.transport.request(request),
    };
    const controller = world().start('a', decide, transport);
    for (const where of ['dark', 'team'])
      await world().api.client.create({
        ...shop('v1'),
        metadata: { ...shop('v1').metadata, namespace: where },
      });
    await world().clock.advance(60_000);
    expect(await world().releases()).toEqual(['Promoted Initial']);
    const { items } = await world().api.client.list(RESOURCES.events, { namespace: 'dark' });
    expect(items.filter(({ reason }) => reason === 'Forbidden')).toMatchObject([
      {
        reason: 'Forbidden',
        type: 'Warning',
        message:
          'Nothing is decided about Deployment shop: Sluice may not list and watch pods there; give it that right (docs/operations.md, Permissions).',
        involvedObject: { kind: 'Deployment', name: 'shop' },
      },
    ]);
    controller.stop.abort();
    await world().clock.advance(0);
    await controller.ended;
  });

  it('tells of kinds that are not installed in one line, also where it has no right to them', async () => {
    const transport: Transport = {
      request: (request) =>
        /istio\.io\/.*\?/.test(request.url)
          ? Promise.resolve(refusal(403, 'Forbidden', 'cannot list resource'))
          : world().api.transport.request(request),
    };
    const controller = world().start('a', decide, transport);
    await world().api.client.create(shop('v1'));
    await world().clock.advance(120_000);
    const told = world().said('kinds that are not installed; Sluice looks for them again from time to time');
    expect(told).toHaveLength(1);
    expect(told[0]?.['absent']).toEqual(
      expect.arrayContaining(['virtualservices.networking.istio.io', 'ciliumnetworkpolicies.cilium.io']),
    );
    expect(told[0]?.['absent']).not.toContain('pods.');
    expect(world().said('watch failed')).toEqual([]);
    controller.stop.abort();
    await world().clock.advance(0);
    await controller.ended;
  });

  it('says that its own kinds are not installed, and begins once they are', async () => {
    const group = 'apiextensions.k8s.io';
    const resource = {
      group,
      version: 'v1',
      plural: 'customresourcedefinitions',
      kind: 'X',
      namespaced: false,
    };
    const ref = { resource, name: 'releases.sluice.dev' };
    const crd = await world().api.client.get(ref);
    await world().api.client.delete(ref);
    const controller = world().start('a');
    await world().api.client.create(shop('v1'));
    await world().clock.advance(60_000);
    const complaints = world().lines.filter(
      ({ level, resource }) => Number(level) >= 40 && resource !== undefined,
    );
    expect(new Set(complaints.map((line) => `${String(line['resource'])}: ${String(line['msg'])}`))).toEqual(
      new Set(['releases: the server does not have this kind; were the CRDs of Sluice applied?']),
    );
    const { spec, metadata } = crd!;
    await world().api.client.create({ ...crd!, metadata: { name: metadata.name }, ...(spec && { spec }) });
    await world().clock.advance(60_000);
    expect(await world().releases()).toEqual(['Promoted Initial']);
    controller.stop.abort();
    await world().clock.advance(0);
    await controller.ended;
  });

  async function versionOf(kind: 'Release'): Promise<string | undefined> {
    const { items } = await world().api.client.list(RESOURCES.releases, { namespace: 'team' });
    return items.find((item) => item.kind === kind)?.metadata.resourceVersion;
  }
});
