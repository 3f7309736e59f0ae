import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import type { KubeRequest, KubeResponse, Transport } from '../../kube/types.ts';
import { arrayOrEmpty, getObjects, getString } from '../../lib/json.ts';
import type { ApiServer } from '../../playground/apiserver/contract.ts';
import { createApiServer } from '../../playground/apiserver/server.ts';
import { objectsIn, problemsOf } from '../../scripts/lib/manifests.ts';
import { recordingIo } from '../../test/support/cli.ts';
import { inProcessTransport } from '../../test/support/in-process.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { INSTALLED_KINDS } from '../install/kinds.ts';
import { installWith, INSTALLER, type InstallFlags } from './install.ts';

const PROMETHEUS = 'http://prometheus.metrics:9091';
const CONTROLLER = {
  resource: RESOURCES.deployments,
  namespace: 'sluice-system',
  name: 'sluice-controller',
};

let server: ApiServer;

beforeEach(() => {
  server = createApiServer({ clock: new VirtualClock() });
});
afterEach(() => server.close());

const denied = (status: number, body: object): KubeResponse => ({
  status,
  headers: {},
  text: () => Promise.resolve(JSON.stringify(body)),
  lines: () => {
    throw new Error('no watch');
  },
});

/** The embedded API server, with other answers to some requests. */
function clientOf(other: (request: KubeRequest) => KubeResponse | undefined = () => undefined): KubeClient {
  const inner = inProcessTransport(server);
  const transport: Transport = {
    request: (request) => Promise.resolve(other(request) ?? inner.request(request)),
  };
  return new KubeClient({
    ...{ transport, clock: new VirtualClock(), fieldManager: INSTALLER },
    resources: INSTALLED_KINDS,
  });
}

async function install(flags: InstallFlags = {}, client = clientOf()) {
  const io = recordingIo();
  const code = await installWith(io, { client }, flags);
  return { code, printed: io.printed, complained: io.complained.join('\n') };
}

const names = async (kind: string): Promise<string[]> => {
  const resource = INSTALLED_KINDS.find((each) => each.kind === kind);
  if (resource === undefined) throw new Error(kind);
  return (await clientOf().listAll(resource)).items.map(({ metadata }) => metadata.name);
};
const controller = async (): Promise<KubeObject> => {
  const found = await clientOf().get(CONTROLLER);
  if (found === undefined) throw new Error('not installed');
  return found;
};
const container = async () => getObjects((await controller()).spec, 'template', 'spec', 'containers')[0];

/** As before Kubernetes 1.36: mutating policies are not served. */
const older = ({ url }: KubeRequest): KubeResponse | undefined => {
  if (url === '/apis/admissionregistration.k8s.io/v1')
    return denied(200, { resources: [{ name: 'validatingadmissionpolicies' }] });
  return url.includes('mutatingadmission') || url.endsWith('/v1beta1') ? denied(404, {}) : undefined;
};

describe('sluice install', () => {
  it('installs into an empty cluster what holds changes there, and only bindings that are of use', async () => {
    const { code, printed } = await install({ prometheus: [PROMETHEUS] });
    expect(code).toBe(0);
    expect(printed.at(-1)).toContain('sluice doctor');
    expect(await names('CustomResourceDefinition')).toContain('releases.sluice.dev');
    expect(await names('MutatingAdmissionPolicy')).toEqual([
      'sluice-fresh-start',
      'sluice-hold',
      'sluice-keep',
    ]);
    expect(await names('ValidatingAdmissionPolicy')).not.toContain('sluice-pause-guard');
    const bound = await names('ClusterRoleBinding');
    expect(bound).toContain('sluice-provider-nginx');
    expect(bound).not.toContain('sluice-provider-gateway');
    const order = printed.map((line) => line.split('/')[0]);
    expect(order.indexOf('namespace')).toBeGreaterThan(order.lastIndexOf('customresourcedefinition'));
    expect(printed).toContain('deployment/sluice-controller: created');
    expect((await controller()).metadata.managedFields?.[0]).toMatchObject({
      manager: INSTALLER,
      operation: 'Apply',
    });
  });

  it('lets the controller reach the Prometheus that it names', async () => {
    await install({ prometheus: [PROMETHEUS] });
    expect(arrayOrEmpty(await container(), 'args')).toContain(`--prometheus=${PROMETHEUS}`);
    const { networkPolicies: resource } = RESOURCES;
    const policy = await clientOf().get({ ...CONTROLLER, resource });
    expect(getObjects(policy?.spec, 'egress').at(-1)).toEqual({
      to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'metrics' } } }],
      ports: [{ port: 9091, protocol: 'TCP' }],
    });
  });

  it('changes nothing the second time, and then only what a flag names', async () => {
    await install({ prometheus: [PROMETHEUS] });
    const again = await install();
    expect(again.printed).toContain('Nothing changed.');
    const { printed } = await install({ image: 'registry.example/sluice:2' });
    expect(printed.filter((line) => /^[a-z]+\/.*: (?!unchanged)/.test(line))).toEqual([
      'deployment/sluice-controller: changed (spec.template.spec.containers[controller].image)',
    ]);
    expect(arrayOrEmpty(await container(), 'args')).toContain(`--prometheus=${PROMETHEUS}`);
    await install();
    expect(getString(await container(), 'image')).toBe('registry.example/sluice:2');
  });

  it('prints with --dry-run what can be applied as it is, and changes nothing', async () => {
    const { printed } = await install({ dryRun: true });
    const objects = objectsIn(printed.join('\n'));
    expect(objects.length).toBeGreaterThan(40);
    expect(await problemsOf(objects, new VirtualClock())).toEqual([]);
    expect(await names('CustomResourceDefinition')).toEqual([]);
  });

  it('holds by pause on an older server, and by admission once that is upgraded', async () => {
    const before = await install({}, clientOf(older));
    expect(before.printed.join('\n')).toContain('Changes are held by pause');
    expect(await names('ValidatingAdmissionPolicy')).toContain('sluice-pause-guard');
    expect(await names('MutatingAdmissionPolicy')).toEqual([]);
    const { printed } = await install();
    expect(printed).toContain('validatingadmissionpolicy/sluice-pause-guard: deleted');
    expect(await names('ValidatingAdmissionPolicy')).not.toContain('sluice-pause-guard');
    expect(await names('MutatingAdmissionPolicy')).toContain('sluice-hold');
  });

  it('changes nothing without the rights, and says which are missing and how to get them', async () => {
    const { code, complained } = await install(
      {},
      clientOf(({ url, body = '' }) =>
        url.endsWith('/selfsubjectaccessreviews') && body.includes('"clusterroles"')
          ? denied(201, { status: { allowed: false } })
          : undefined,
      ),
    );
    expect(code).toBe(1);
    expect(complained).toContain('get, create, patch clusterroles of rbac.authorization.k8s.io');
    expect(complained).toContain('cluster administrator');
    expect(await names('CustomResourceDefinition')).toEqual([]);
  });

  it('leaves an installation of Helm to Helm', async () => {
    await install();
    const annotations = { 'meta.helm.sh/release-name': 'canaries' };
    await clientOf().mergePatch(CONTROLLER, { metadata: { annotations } });
    await expect(install()).rejects.toThrow('helm upgrade canaries');
  });
});
