import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { Action } from '../../release/model.ts';
import { readSnapshot } from '../../controller/observe/snapshot.ts';
import { KubeError } from '../../kube/errors.ts';
import { startApi, type TestApi } from '../../test/support/api.ts';
import { aDeployment, aService } from '../../test/support/objects.ts';
import { ingress, ingressPath } from '../../test/support/routes.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { lookAt } from './look.ts';
import { manifestReader } from './manifests.ts';
import { rehearse } from './rehearse.ts';

const labels = { app: 'web' };
const main = ingress('web', { 'shop.example.com': [ingressPath('/', 'web')] });
const objects: KubeObject[] = [
  aDeployment('web', labels, { metadata: { annotations: { 'sluice.dev/policy': 'default' } } }),
  aService('web', labels),
  { ...main, spec: { ...main.spec, ingressClassName: 'nginx' } },
];

let api: TestApi;
let rehearsal: readonly Action[];

beforeEach(async () => {
  api = await startApi(new VirtualClock(), 'shop');
  const snapshot = await readSnapshot(
    { namespace: 'shop', name: 'web' },
    {
      reader: manifestReader(objects),
      measurements: { measured: () => undefined, measuring: () => false },
      refusals: { of: () => ({}) },
      memory: { seen: () => undefined, unserved: () => undefined },
      isSealed: () => true,
      config: {
        namespace: 'sluice-system',
        hold: 'pause',
        endpoints: ['prometheus/default'],
        scrapeLagMs: 0,
        minIntervalMs: 1_000,
      },
      nowMs: 0,
    },
  );
  if (snapshot === undefined) throw new Error('nothing was read');
  ({ rehearsal } = lookAt(snapshot));
});

/** Refuses Deployments and Ingresses whose name ends like a canary's, with a message of the cluster's administrator. */
function refuseCanaries(): void {
  const rules = ['apps', 'networking.k8s.io'].map((group) => ({
    apiGroups: [group],
    apiVersions: ['v1'],
    operations: ['CREATE'],
    resources: ['deployments', 'ingresses'],
  }));
  const named = (kind: string, spec: KubeObject['spec'] & object): KubeObject => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'no-canaries' },
    spec,
  });
  const validations = [
    { expression: "!string(object.metadata.name).endsWith('-canary')", message: 'no canaries here' },
  ];
  const { store } = api.server;
  store.create(
    'validatingadmissionpolicies.admissionregistration.k8s.io',
    named('ValidatingAdmissionPolicy', { matchConstraints: { resourceRules: rules }, validations }),
  );
  store.create(
    'validatingadmissionpolicybindings.admissionregistration.k8s.io',
    named('ValidatingAdmissionPolicyBinding', { policyName: 'no-canaries', validationActions: ['Deny'] }),
  );
}

describe('sluice check tries the first writes', () => {
  it('finds nothing where the server takes them, and leaves nothing there', async () => {
    expect(await rehearse(api.client, rehearsal)).toEqual({ refusals: [], notes: [] });
    for (const resource of ['deployments.apps', 'services', 'ingresses.networking.k8s.io'])
      expect(api.server.store.list(resource, 'shop')).toEqual([]);
  });

  it('tells what the server refuses for good, in its own words, before a release begins', async () => {
    refuseCanaries();
    const { refusals } = await rehearse(api.client, rehearsal);
    expect(refusals.map(({ reason, sentence }) => `${reason}: ${sentence}`)).toEqual([
      expect.stringMatching(
        /^Refused: The API server refuses to create the canary \(Deployment web-canary\) in a dry run: .*no canaries here/,
      ),
      expect.stringMatching(
        /^Refused: The API server refuses to set the weight \(Ingress web-\S+-canary\) in a dry run: .*no canaries here/,
      ),
    ]);
  });

  it.each([
    { name: 'a missing right of whoever runs it', code: 403, message: 'user ann cannot create' },
    { name: 'a server that is away', code: 503, message: 'away' },
    { name: 'a webhook that knows no dry run', code: 400, message: 'webhook x does not support dry run' },
  ])('notes $name, which stands against nothing', async ({ code, message }) => {
    const execute = () => Promise.reject(new KubeError({ code, reason: 'No', message }));
    const { refusals, notes } = await rehearse({ execute }, rehearsal);
    expect(refusals).toEqual([]);
    expect(notes).toHaveLength(rehearsal.length);
    expect(notes.every(({ sentence }) => sentence.includes(message))).toBe(true);
  });
});
