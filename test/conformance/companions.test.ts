import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RESOURCES } from '../../api/resources.ts';
import { makerOf } from '../../release/canary/index.ts';
import { companionWrites, FOLLOWED, planCompanions, removals } from '../../release/companions/index.ts';
import { crd } from '../../playground/demo/gateway-api-crds.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { foreignCrd } from '../support/kinds/index.ts';
import { APP, companionInput, followed, TARGET } from '../support/followed.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/**
 * An API server fills in defaults and refuses what is wrong; a copy as the server stores it must not need
 * another write.
 */

const SELECTED = { selector: APP };
const ON_SERVICE = { targetRefs: [{ group: '', kind: 'Service', name: 'web' }] };

/** One object of every kind that is copied. */
const ORIGINALS: [keyof typeof RESOURCES, JsonObject][] = [
  [
    'networkPolicies',
    { podSelector: APP, ingress: [{ from: [{ podSelector: APP }], ports: [{ port: 8080 }] }] },
  ],
  ['podDisruptionBudgets', { selector: APP, minAvailable: 3 }],
  ['authorizationPolicies', { ...SELECTED, action: 'DENY', rules: [{}] }],
  ['peerAuthentications', { ...SELECTED, mtls: { mode: 'STRICT' } }],
  ['requestAuthentications', ON_SERVICE],
  ['telemetries', SELECTED],
  ['wasmPlugins', SELECTED],
  ['sidecars', { workloadSelector: { labels: { app: 'web' } }, egress: [{ hosts: ['./*'] }] }],
  ['envoyFilters', { workloadSelector: { labels: { app: 'web' } }, configPatches: [] }],
  [
    'destinationRules',
    {
      host: 'web',
      trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } },
      subsets: [{ name: 'v1', labels: { app: 'web' } }],
      workloadSelector: { matchLabels: { app: 'web' } },
    },
  ],
  ['backendTlsPolicies', ON_SERVICE],
  ['backendTrafficPolicies', ON_SERVICE],
  ['gcpBackendPolicies', { targetRef: { group: '', kind: 'Service', name: 'web' } }],
  ['healthCheckPolicies', { targetRef: { group: '', kind: 'Service', name: 'web' } }],
  ['referenceGrants', { from: [], to: [{ group: '', kind: 'Service', name: 'web' }] }],
  ['podMonitors', { selector: APP, podMetricsEndpoints: [{ port: 'metrics' }] }],
];

const BUILT_IN = ['networkPolicies', 'podDisruptionBudgets'];

function definitionOf(kind: keyof typeof RESOURCES): KubeObject {
  if (kind === 'destinationRules') return foreignCrd('DestinationRule');
  const { group, version, plural, kind: name } = RESOURCES[kind];
  const annotations = { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs' };
  const spec: JsonObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const made = crd({ group, kind: name, versions: [{ name: version, spec }], annotations });
  made.metadata.name = `${plural}.${group}`;
  (made.spec?.['names'] as JsonObject)['plural'] = plural;
  return made;
}

async function attachedIn(api: TestApi): Promise<KubeObject[]> {
  const kinds = FOLLOWED.filter((each) => ORIGINALS.some(([kind]) => RESOURCES[kind] === each));
  const lists = await Promise.all(kinds.map((each) => api.client.listAll(each, { namespace: 'shop' })));
  return lists.flatMap(({ items }) => items);
}

async function withOriginals(): Promise<TestApi> {
  const api = await startApi(new VirtualClock(), 'shop');
  for (const [kind] of ORIGINALS) if (!BUILT_IN.includes(kind)) await api.client.create(definitionOf(kind));
  for (const [kind, spec] of ORIGINALS) {
    const object = followed(RESOURCES[kind], 'original', spec);
    delete object.metadata.uid;
    await api.client.create(object);
  }
  return api;
}

test('every copy is accepted, wants no second write, follows an edit with one, and leaves nothing', async () => {
  const api = await withOriginals();
  const plan = async () => {
    const attached = await attachedIn(api);
    const { wanted, refusals } = planCompanions(companionInput(attached));
    expect(refusals).toEqual([]);
    return companionWrites(makerOf(TARGET), wanted, attached);
  };
  const first = await plan();
  // two for the NetworkPolicy, three for the DestinationRule
  expect(first.map(({ write }) => write.verb)).toEqual(Array(ORIGINALS.length + 3).fill('create'));
  for (const { write } of first) await api.client.execute(write);
  expect(await plan()).toEqual([]);

  const ref = { resource: RESOURCES.destinationRules, namespace: 'shop', name: 'original' };
  await api.client.mergePatch(ref, { spec: { exportTo: ['.'], workloadSelector: null } });
  const edits = await plan();
  expect(edits.map(({ write }) => write.verb).sort()).toEqual(['delete', 'delete', 'jsonPatch']);
  for (const { write } of edits) await api.client.execute(write);
  expect(await plan()).toEqual([]);

  for (const { write } of removals(makerOf(TARGET), await attachedIn(api))) await api.client.execute(write);
  expect((await attachedIn(api)).map(({ metadata }) => metadata.name)).toEqual(
    ORIGINALS.map(() => 'original'),
  );
});
