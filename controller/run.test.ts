import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getString } from '../lib/json.ts';
import { RESOURCES } from '../api/resources.ts';
import type { KubeObject } from '../api/kube.ts';
import { fakeRuntime, startWorkloads } from '../playground/workloads/index.ts';
import { seeded, startApi } from '../test/support/api.ts';
import type { TestApi } from '../test/support/api.ts';
import { KubeError } from '../kube/errors.ts';
import type { Transport } from '../kube/types.ts';
import { refusal } from '../test/simulation/refusal.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { parseFlags } from './config.ts';
import { decide } from '../release/decide.ts';
import { admissionResource } from './hold/resources.ts';
import { shippedPolicies } from './hold/shipped.ts';
import type { Decision, Snapshot } from '../release/model.ts';
import { run } from './run.ts';

let clock: VirtualClock;
let api: TestApi;
let workloads: { stop(): void };
let lines: Record<string, unknown>[];

beforeEach(async () => {
  clock = new VirtualClock();
  api = await startApi(clock, 'team', 'sluice-system');
  workloads = startWorkloads({ store: api.server.store, clock, runtime: fakeRuntime(clock) });
  lines = [];
});

afterEach(() => {
  workloads.stop();
  api.server.close();
});

interface Controller {
  stop: AbortController;
  ended: Promise<'stopped' | 'lost'>;
}

/** The real controller over the embedded API server; only the decision may be another. */
function start(
  identity: string,
  decision: (snapshot: Snapshot) => Decision = decide,
  transport: Transport = api.transport,
  hold = 'pause',
): Controller {
  const flags = parseFlags(['--metrics-port', '0', '--hold', hold]);
  if (!flags.ok) throw new Error('flags');
  const stop = new AbortController();
  const sink = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const ended = run(
    {
      config: flags.value,
      transport,
      identity,
      decide: decision,
      measure: () => Promise.resolve([]),
      clock,
      cpuMs: () => process.cpuUsage().user / 1000,
      random: seeded(3),
      log: pino({ level: 'info', base: null }, sink),
      onBug: (error) => {
        throw error;
      },
    },
    stop.signal,
  );
  return { stop, ended };
}

const shop = (image: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'team', name: 'shop', annotations: { 'sluice.dev/policy': 'default' } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'shop' } },
    template: { metadata: { labels: { app: 'shop' } }, spec: { containers: [{ name: 'c', image }] } },
  },
});

const releases = async (): Promise<string[]> =>
  (await api.client.list(RESOURCES.releases, { namespace: 'team' })).items.map(
    ({ status }) => `${getString(status, 'phase')} ${getString(status, 'reason')}`,
  );

const said = (text: string): Record<string, unknown>[] => lines.filter((line) => line['msg'] === text);

/** The policies of admission mode; the controller of these tests is the playground's administrator. */
function installPolicies(): void {
  for (const each of shippedPolicies()) {
    const text = JSON.stringify(each).replaceAll(
      'system:serviceaccount:sluice-system:sluice',
      'playground-admin',
    );
    const { plural, group } = admissionResource(each.kind, 'v1');
    api.server.store.create(`${plural}.${group}`, JSON.parse(text) as KubeObject);
  }
}

/** Somebody who is not the controller gives the target a new template. */
function apply(image: string): KubeObject {
  const { store } = api.server;
  const draft = store.get('deployments.apps', 'team', 'shop')!;
  draft.spec = { ...draft.spec, template: shop(image).spec!['template'] };
  return store.update('deployments.apps', draft);
}

const held = (): unknown[] => {
  const { spec, metadata } = api.server.store.get('deployments.apps', 'team', 'shop')!;
  return [spec?.['paused'] ?? false, metadata.annotations?.['sluice.dev/held']];
};

function removePolicies(): void {
  for (const { kind, metadata } of shippedPolicies()) {
    const { plural, group } = admissionResource(kind, 'v1');
    api.server.store.delete(`${plural}.${group}`, undefined, metadata.name);
  }
}

describe('the hold', () => {
  it('is by admission where its policies are: an idle target is left as it is, a change is held in its own write', async () => {
    installPolicies();
    const controller = start('a', decide, api.transport, 'auto');
    await api.client.create(shop('v1'));
    await clock.advance(60_000);
    expect(await releases()).toEqual(['Promoted Initial']);
    expect(held()).toEqual([false, undefined]);
    apply('v2');
    expect(held()).toEqual([true, 'new']);
    controller.stop.abort();
    await clock.advance(0);
    expect(await controller.ended).toBe('stopped');
  });

  it('goes over to pause when the policies are gone, and every target is paused', async () => {
    installPolicies();
    const controller = start('a', decide, api.transport, 'admission');
    await api.client.create(shop('v1'));
    await clock.advance(60_000);
    expect(held()).toEqual([false, undefined]);
    removePolicies();
    await clock.advance(60 * 60_000);
    expect(held()).toEqual([true, undefined]);
    expect(lines.at(-1)).toMatchObject({ rule: 'nothing-due' });
    expect(lines.filter(({ level }) => level === 50)).toMatchObject([{ wanted: 'admission', mode: 'pause' }]);
    controller.stop.abort();
    await clock.advance(0);
    await controller.ended;
  });

  it('looks at the policies soon after it had to hold a change itself', async () => {
    installPolicies();
    const controller = start('a', decide, api.transport, 'auto');
    await api.client.create(shop('v1'));
    await clock.advance(60_000);
    removePolicies();
    apply('v2');
    await clock.advance(15_000);
    expect(lines.filter(({ level }) => level === 50)).toMatchObject([{ wanted: 'auto', mode: 'pause' }]);
    controller.stop.abort();
    await clock.advance(0);
    await controller.ended;
  });
});

describe('the controller', () => {
  it('takes a target in and records its first version', async () => {
    const controller = start('a');
    await api.client.create(shop('v1'));
    await clock.advance(60_000);
    expect(await releases()).toEqual(['Promoted Initial']);
    const { spec } = (await api.client.get({
      resource: RESOURCES.deployments,
      namespace: 'team',
      name: 'shop',
    }))!;
    expect(spec?.['paused']).toBe(true);
    controller.stop.abort();
    await clock.advance(0);
    expect(await controller.ended).toBe('stopped');
  });

  it('comes to rest: an idle target costs no writes and hardly any passes', async () => {
    let decisions = 0;
    const controller = start('a', (snapshot) => {
      decisions += 1;
      return decide(snapshot);
    });
    await api.client.create(shop('v1'));
    await clock.advance(60_000);
    const before = await versionOf('Release');
    decisions = 0;
    await clock.advance(30 * 60_000);
    expect(decisions).toBeLessThan(15);
    expect(await versionOf('Release')).toBe(before);
    controller.stop.abort();
    await clock.advance(0);
    await controller.ended;
  });

  it('leaves no timer and no watch behind, and gives its Lease free', async () => {
    const idle = clock.pending;
    const controller = start('a');
    await api.client.create(shop('v1'));
    await clock.advance(60_000);
    controller.stop.abort();
    await clock.advance(0);
    await controller.ended;
    const lease = await api.client.get({
      resource: RESOURCES.leases,
      namespace: 'sluice-system',
      name: 'sluice-controller',
    });
    expect(lease?.spec?.['holderIdentity']).toBe('');
    expect(clock.pending).toBe(idle);
  });

  it('stops while it waits for its turn to lead', async () => {
    const first = start('a');
    await clock.advance(0);
    const second = start('b');
    await clock.advance(5_000);
    second.stop.abort();
    await clock.advance(0);
    expect(await second.ended).toBe('stopped');
    first.stop.abort();
    await clock.advance(0);
    await first.ended;
  });

  it('ends when it cannot renew its Lease, before another may lead', async () => {
    const controller = start('a');
    await clock.advance(5_000);
    await api.client.mergePatch(
      { resource: RESOURCES.leases, namespace: 'sluice-system', name: 'sluice-controller' },
      { spec: { holderIdentity: 'thief' } },
    );
    await clock.advance(3_000);
    expect(await controller.ended).toBe('lost');
  });

  it('leaves no write in flight when it has lost its Lease', async () => {
    const hanging: AbortSignal[] = [];
    const transport: Transport = {
      request: async (request) => {
        if (request.method !== 'PATCH' || !request.url.includes('/deployments/'))
          return api.transport.request(request);
        const { signal } = request;
        if (signal === undefined) throw new Error('a write without a signal');
        hanging.push(signal);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw signal.reason as Error;
      },
    };
    await api.client.create(shop('v1'));
    const controller = start('a', decide, transport);
    await clock.advance(1_500);
    expect(hanging.map(({ aborted }) => aborted)).toEqual([false]);
    await api.client.mergePatch(
      { resource: RESOURCES.leases, namespace: 'sluice-system', name: 'sluice-controller' },
      { spec: { holderIdentity: 'thief' } },
    );
    await clock.advance(3_000);
    expect(await controller.ended).toBe('lost');
    expect(hanging.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('is followed by the one that waits, which goes on where it was', async () => {
    const first = start('a');
    await clock.advance(0);
    const second = start('b');
    await clock.advance(5_000);
    await api.client.create(shop('v1'));
    await clock.advance(1_000);
    first.stop.abort();
    await clock.advance(60_000);
    expect(await first.ended).toBe('stopped');
    expect(said('leading').map((line) => line['identity'])).toEqual(['a', 'b']);
    expect(await releases()).toEqual(['Promoted Initial']);
    second.stop.abort();
    await clock.advance(0);
    await second.ended;
  });

  it('goes on with other targets when one of them cannot be decided', async () => {
    const controller = start('a', (snapshot) => {
      if (snapshot.key.name === 'poison') throw new Error('nobody foresaw this');
      return decide(snapshot);
    });
    await api.client.create({ ...shop('v1'), metadata: { ...shop('v1').metadata, name: 'poison' } });
    await api.client.create(shop('v1'));
    await clock.advance(60_000);
    expect(await releases()).toEqual(['Promoted Initial']);
    expect(said('deciding broke')[0]).toMatchObject({
      target: 'team/poison',
      err: { message: 'nobody foresaw this' },
    });
    controller.stop.abort();
    await clock.advance(0);
    await controller.ended;
  });

  it('ends a decision that never ends: other targets go on, and so does its Lease', async () => {
    let endless = 0;
    const controller = start('a', (snapshot) => {
      if (snapshot.key.name === 'poison') for (endless += 1; ;);
      return decide(snapshot);
    });
    await api.client.create({ ...shop('v1'), metadata: { ...shop('v1').metadata, name: 'poison' } });
    await api.client.create(shop('v1'));
    await clock.advance(20_000);
    expect(await releases()).toEqual(['Promoted Initial']);
    // Once, with more time on a machine that is busy, and not in every pass.
    expect(endless).toBeLessThanOrEqual(3);
    expect(lines.filter(({ level, target }) => level === 50 && target === 'team/poison')[0]).toMatchObject({
      err: {
        message: expect.stringMatching(/^deciding takes longer than .* tried again at \S+Z$/) as string,
      },
    });
    controller.stop.abort();
    await clock.advance(0);
    expect(await controller.ended).toBe('stopped');
  });

  it('tells the owner of a target in a namespace it may not read, and is ready for the others', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'dark' } };
    api.server.store.create('namespaces', namespace);
    const transport: Transport = {
      request: (request) =>
        /^\/api\/v1\/(namespaces\/dark\/)?pods\?/.test(request.url)
          ? Promise.reject(new KubeError({ code: 403, reason: 'Forbidden', message: 'no right' }))
          : api.transport.request(request),
    };
    const controller = start('a', decide, transport);
    for (const where of ['dark', 'team'])
      await api.client.create({ ...shop('v1'), metadata: { ...shop('v1').metadata, namespace: where } });
    await clock.advance(60_000);
    expect(await releases()).toEqual(['Promoted Initial']);
    const { items } = await api.client.list(RESOURCES.events, { namespace: 'dark' });
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
    await clock.advance(0);
    await controller.ended;
  });

  it('tells of kinds that are not installed in one line, also where it has no right to them', async () => {
    const transport: Transport = {
      request: (request) =>
        /istio\.io\/.*\?/.test(request.url)
          ? Promise.resolve(refusal(403, 'Forbidden', 'cannot list resource'))
          : api.transport.request(request),
    };
    const controller = start('a', decide, transport);
    await api.client.create(shop('v1'));
    await clock.advance(120_000);
    const told = said('kinds that are not installed; Sluice looks for them again from time to time');
    expect(told).toHaveLength(1);
    expect(told[0]?.['absent']).toEqual(
      expect.arrayContaining(['virtualservices.networking.istio.io', 'ciliumnetworkpolicies.cilium.io']),
    );
    expect(told[0]?.['absent']).not.toContain('pods.');
    expect(said('watch failed')).toEqual([]);
    controller.stop.abort();
    await clock.advance(0);
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
    const crd = await api.client.get(ref);
    await api.client.delete(ref);
    const controller = start('a');
    await api.client.create(shop('v1'));
    await clock.advance(60_000);
    const complaints = lines.filter(({ level, resource }) => Number(level) >= 40 && resource !== undefined);
    expect(new Set(complaints.map((line) => `${String(line['resource'])}: ${String(line['msg'])}`))).toEqual(
      new Set(['releases: the server does not have this kind; were the CRDs of Sluice applied?']),
    );
    const { spec, metadata } = crd!;
    await api.client.create({ ...crd!, metadata: { name: metadata.name }, ...(spec && { spec }) });
    await clock.advance(60_000);
    expect(await releases()).toEqual(['Promoted Initial']);
    controller.stop.abort();
    await clock.advance(0);
    await controller.ended;
  });

  async function versionOf(kind: 'Release'): Promise<string | undefined> {
    const { items } = await api.client.list(RESOURCES.releases, { namespace: 'team' });
    return items.find((item) => item.kind === kind)?.metadata.resourceVersion;
  }
});
