import { beforeEach, describe, expect, it } from 'vitest';
import { getObjects, getString } from '../lib/json.ts';
import type { JsonPatchOp, KubeObject } from '../api/kube.ts';
import type { JsonObject } from '../lib/json.ts';
import { RESOURCES } from '../api/resources.ts';
import type { Write } from '../api/writes.ts';
import { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { createApiServer } from '../playground/apiserver/server.ts';
import { gatewayApiCrds } from '../playground/demo/gateway-api-crds.ts';
import { inProcessTransport, VirtualClock } from '../test/support/in-process.ts';
import { backend, httpRoute, rule } from '../test/support/routes.ts';
import { giveBack, type GiveBack } from './give-back.ts';

const REF = { resource: RESOURCES.httpRoutes, namespace: 'shop', name: 'web' };
const RULES: JsonPatchOp = {
  op: 'replace',
  path: '/spec/rules',
  value: [rule('/', [backend('web', { weight: 95 }), backend('web-canary', { weight: 5 })])],
};

const ownersOf = ({ metadata }: KubeObject): string[] =>
  getObjects(metadata, 'managedFields').map((entry) => getString(entry, 'manager') ?? '');

/** A route that Helm applied and whose rules Sluice has just changed. */
class World {
  readonly clock = new VirtualClock();
  readonly #server = createApiServer({ clock: this.clock });
  readonly helm = this.#client('helm');
  readonly sluice = this.#client('sluice');
  readonly lost: KubeError[] = [];
  before: KubeObject | undefined;
  after: KubeObject | undefined;
  tries = 0;

  #client(fieldManager: string): KubeClient {
    const resources = Object.values(RESOURCES);
    return new KubeClient({
      transport: inProcessTransport(this.#server),
      clock: this.clock,
      fieldManager,
      resources,
    });
  }

  async begin(): Promise<void> {
    const { store } = this.#server;
    store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    for (const crd of gatewayApiCrds()) store.create('customresourcedefinitions.apiextensions.k8s.io', crd);
    this.before = await this.helm.apply(httpRoute('web', [rule('/', [backend('web')])]));
    this.after = await this.sluice.jsonPatch(REF, [RULES]);
  }

  /** Gives back; `meanwhile` runs before each try. */
  async give(meanwhile: (tries: number) => Promise<unknown>, mayAct = true): Promise<KubeObject> {
    const client: GiveBack['client'] = {
      list: (...args) => this.sluice.list(...args),
      execute: async (write: Write) => {
        await meanwhile(++this.tries);
        return this.sluice.execute(write);
      },
    };
    const onLost = (error: KubeError): number => this.lost.push(error);
    return giveBack(REF, [this.before!, this.after!], { client, onLost, mayAct: () => mayAct });
  }

  /** Writes a status, as a gateway does once it has seen a route. */
  report(n: number): Promise<KubeObject> {
    const status: JsonObject = { parents: [], seen: n };
    return this.helm.mergePatch(REF, { metadata: { annotations: { 'gateway/seen': `${n}` } }, status });
  }
}

describe('what a write took from others', () => {
  let world: World;
  beforeEach(async () => {
    world = new World();
    await world.begin();
  });

  it('is theirs again, and the route is as the write left it', async () => {
    expect(ownersOf(world.after!)).toEqual(['helm', 'sluice']);
    const now = await world.give(() => Promise.resolve());
    expect(now.metadata.managedFields).toEqual(world.before!.metadata.managedFields);
    expect([now.spec, now.metadata.generation]).toEqual([
      world.after!.spec,
      world.after!.metadata.generation,
    ]);
  });

  it('is theirs again although somebody writes in between', async () => {
    const now = await world.give((tries) => (tries < 3 ? world.report(tries) : Promise.resolve()));
    expect([...new Set(ownersOf(now))]).toEqual(['helm']);
    expect([world.tries, world.lost]).toEqual([3, []]);
  });

  it('stays with somebody who took it meanwhile', async () => {
    const theirs = httpRoute('web', [rule('/', [backend('web', { weight: 7 })])]);
    const now = await world.give((tries) => (tries === 1 ? world.helm.apply(theirs) : Promise.resolve()));
    expect([ownersOf(now), world.tries]).toEqual([['helm'], 1]);
    expect(getObjects(getObjects(now, 'spec', 'rules')[0], 'backendRefs')).toMatchObject([{ weight: 7 }]);
  });

  it('is left for a later pass when somebody writes each time', async () => {
    await world.give((tries) => world.report(tries));
    expect([world.tries, world.lost]).toEqual([4, []]);
  });

  it('is left for a later pass when the server refuses, which stands in nobody’s way', async () => {
    const refused = new KubeError({ code: 403, reason: 'Forbidden', message: 'no' });
    const now = await world.give(() => Promise.reject(refused));
    expect([now, world.lost, world.tries]).toEqual([world.after, [refused], 1]);
  });

  it('is not touched by a process that leads no more', async () => {
    expect(await world.give(() => Promise.resolve(), false)).toEqual(world.after);
    expect(world.tries).toBe(0);
  });
});
