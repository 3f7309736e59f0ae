import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RESOURCES } from '../../api/resources.ts';
import { systemClock } from '../../kube/clock.ts';
import { KubeClient } from '../../kube/client.ts';
import { microTime } from '../../kube/lease.ts';
import type { KubeRequest, KubeResponse, Transport } from '../../kube/types.ts';
import type { ApiServer } from '../../playground/apiserver/contract.ts';
import { createApiServer } from '../../playground/apiserver/server.ts';
import { recordingIo } from '../../test/support/cli.ts';
import { inProcessTransport } from '../../test/support/in-process.ts';
import { CONTROLLER } from '../doctor/versions.ts';
import type { Measuring } from '../doctor/metrics.ts';
import { INSTALLED_KINDS } from '../install/kinds.ts';
import type { Io } from '../io.ts';
import { examine } from './doctor.ts';
import { installWith } from './install.ts';
import { readVersion } from './version.ts';

const IMAGE = `registry.example/sluice:${readVersion()}`;
const LEASE = {
  resource: RESOURCES.leases,
  namespace: 'sluice-system',
  name: 'sluice-controller',
};

let server: ApiServer;

const answer = (status: number, body: object, headers: Record<string, string> = {}): KubeResponse => ({
  status,
  headers,
  text: () => Promise.resolve(JSON.stringify(body)),
  lines: () => {
    throw new Error('no watch');
  },
});

type Other = (request: KubeRequest) => KubeResponse | undefined;

function clientOf(other: Other = () => undefined): KubeClient {
  const inner = inProcessTransport(server);
  const transport: Transport = {
    request: (request) => Promise.resolve(other(request) ?? inner.request(request)),
  };
  return new KubeClient({
    ...{ transport, clock: systemClock, fieldManager: 'kubectl' },
    resources: [...Object.values(RESOURCES), ...INSTALLED_KINDS],
  });
}

const io = (): Io => ({ ...recordingIo(), clock: systemClock });
const lease = (renewedMs: number) => ({
  ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
  metadata: { name: LEASE.name, namespace: LEASE.namespace },
  spec: { holderIdentity: 'node-1_7', leaseDurationSeconds: 15, renewTime: microTime(renewedMs) },
});

/** An installation that is well: its pods are ready, and its leader has just renewed its Lease. */
beforeEach(async () => {
  server = createApiServer({ clock: systemClock });
  const client = clientOf();
  await installWith(io(), { client }, { image: IMAGE, prometheus: ['http://prometheus.monitoring:9090'] });
  const status = { replicas: 2, readyReplicas: 2, availableReplicas: 2 };
  await client.mergePatch(CONTROLLER, { status }, { subresource: 'status' });
  await client.create(lease(Date.now()));
});
afterEach(() => server.close());

const dated: Other = ({ url }) =>
  url === '/version' ? answer(200, { gitVersion: 'v1.36.2' }, { date: new Date().toUTCString() }) : undefined;

async function findings(other: Other = dated, measuring: Partial<Measuring> = {}): Promise<string[]> {
  const none = { target: undefined, namespace: 'shop', prometheus: undefined, source: undefined };
  const client = clientOf(other);
  const found = await examine(io(), { client, asController: client }, { ...none, ...measuring });
  return found.map(({ check, is, sentence, remedy }) => `${is} ${check}: ${sentence} | ${remedy ?? ''}`);
}
const bad = async (...args: Parameters<typeof findings>): Promise<string[]> =>
  (await findings(...args)).filter((line) => line.startsWith('bad '));

/** The same cluster with one answer of its own, before all others. */
const with1 =
  (own: Other): Other =>
  (request) =>
    own(request) ?? dated(request);

describe('sluice doctor', () => {
  it('finds nothing to put right where all is well', async () => {
    const found = await findings();
    expect(found.filter((line) => line.startsWith('bad'))).toEqual([]);
    expect(found).toContainEqual(expect.stringContaining('good hold: changes are held by admission'));
    expect(found).toContainEqual(expect.stringContaining('good lease: node-1_7 holds Lease'));
    expect(found).toContainEqual(expect.stringMatching(/^note metrics: not asked: .*prometheus\.monitoring/));
  });

  it('finds a server that is too old, and another image', async () => {
    const old = with1(({ url }) => (url === '/version' ? answer(200, { gitVersion: 'v1.29.4' }) : undefined));
    expect(await bad(old)).toEqual([expect.stringMatching(/v1\.29\.4 \| upgrade it to 1\.30/)]);
    await installWith(io(), { client: clientOf() }, { image: 'registry.example/sluice:9' });
    expect(await findings()).toContainEqual(
      expect.stringMatching(/^note versions: .*sluice:9, this command/),
    );
  });

  it('finds pods that are not ready, and a controller that is not there', async () => {
    await clientOf().mergePatch(CONTROLLER, { status: { readyReplicas: 0 } }, { subresource: 'status' });
    expect(await bad()).toEqual([expect.stringMatching(/0 of 2 pods.*describe pods/)]);
    await clientOf().delete(CONTROLLER);
    const found = (await bad()).join('\n');
    expect(found).toContain('deployment/sluice-controller does not exist');
    expect(found).toContain('knows no Prometheus');
  });

  it('finds a kind that is missing, and one of another version', async () => {
    const name = 'releases.sluice.dev';
    const gone = with1(({ url }) => (url.endsWith(`/${name}`) ? answer(404, {}) : undefined));
    expect(await bad(gone)).toEqual([
      expect.stringContaining(`kinds: ${name} does not exist | sluice install`),
    ]);
    const resource = INSTALLED_KINDS.find(({ kind }) => kind === 'CustomResourceDefinition');
    if (resource === undefined) throw new Error('no such kind');
    await clientOf().jsonPatch({ resource, name }, [
      { op: 'remove', path: '/spec/versions/0/additionalPrinterColumns' },
    ]);
    expect(await findings()).toContainEqual(expect.stringMatching(/^note kinds: releases.sluice.dev: spec/));
  });

  it('finds policies that are changed or missing', async () => {
    const resource = INSTALLED_KINDS.find(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
    if (resource === undefined) throw new Error('no such kind');
    const audit = { spec: { validationActions: ['Audit'] } };
    await clientOf().mergePatch({ resource, name: 'sluice-releases' }, audit);
    await clientOf().mergePatch({ resource, name: 'sluice-guard' }, audit);
    const found = (await bad()).join('\n');
    expect(found).toMatch(/hold: changes are held by pause: .*sluice-guard: spec\.validationActions/);
    expect(found).toMatch(/policies: .*sluice-releases: spec\.validationActions.* \| sluice install/);
  });

  it('finds rights that the controller lacks, and says so where it may not look', async () => {
    const rule = { verbs: ['*'], apiGroups: ['*'], resources: ['secrets'] };
    const path = '/selfsubjectrulesreviews';
    const lacking = with1(({ url }) =>
      url.endsWith(path) ? answer(201, { status: { resourceRules: [rule] } }) : undefined,
    );
    expect((await bad(lacking)).join('\n')).toMatch(/rights: .*may not .*leases of coordination/);
    const refused = with1(({ url }) =>
      url.endsWith(path) ? answer(403, { message: 'cannot impersonate' }) : undefined,
    );
    expect(await findings(refused)).toContainEqual(
      expect.stringContaining('not checked: cannot impersonate'),
    );
  });

  it('finds a Lease that nobody renews', async () => {
    await clientOf().mergePatch(LEASE, { spec: { holderIdentity: '' } });
    expect((await bad()).join('\n')).toMatch(/lease: No controller is running: .* is free/);
  });

  it('finds clocks that differ', async () => {
    const ahead = with1(({ url }) =>
      url === '/version'
        ? answer(200, { gitVersion: 'v1.36.2' }, { date: new Date(Date.now() - 60_000).toUTCString() })
        : undefined,
    );
    const found = await findings(ahead);
    expect(found).toContainEqual(
      expect.stringMatching(/^bad clocks: the controller's clock is \d+ s ahead of/),
    );
    expect(found).toContainEqual(
      expect.stringMatching(/^note clocks: this machine's clock is \d+ s ahead of/),
    );
  });

  it('finds a target that is not there', async () => {
    await expect(findings(dated, { target: 'web' })).rejects.toThrow('there is no Deployment web');
  });
});
