import { getNumber, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { BY_PODS } from './by-pods.ts';
import type { World } from './world.ts';

/** `mesh` is Istio without a VirtualService of the user's: Sluice makes one. */
export const WORLD_PROVIDERS = ['gateway', 'nginx', 'istio', 'linkerd', 'mesh', ...BY_PODS] as const;
export type WorldProvider = (typeof WORLD_PROVIDERS)[number];

export const VIRTUAL_SERVICES = 'virtualservices.networking.istio.io';
const SPLITS = 'trafficsplits.split.smi-spec.io';
const PROFILES = 'serviceprofiles.linkerd.io';
const NAMESPACE = 'shop';

/** The kinds of which Sluice may leave an object of its own behind. */
export const MESH_KINDS = [VIRTUAL_SERVICES, SPLITS];

/** Two routes, one with fields that Sluice does not know. */
export const VIRTUAL_SERVICE: KubeObject = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'web', namespace: NAMESPACE, labels: { team: 'shop' } },
  spec: {
    hosts: ['web.example'],
    gateways: ['public'],
    http: [
      { match: [{ uri: { prefix: '/old' } }], redirect: { uri: '/' } },
      { route: [{ destination: { host: 'web', port: { number: 80 } } }], retries: { attempts: 3 } },
    ],
  },
};

/** The route as its author has it, of any kind. */
export const userRoute = (world: World): KubeObject | undefined =>
  world.get('httproutes.gateway.networking.k8s.io', 'web') ?? world.get(VIRTUAL_SERVICES, 'web');

/** What the policy has to name: these providers are not found by a route. */
export function namedProvider(provider: WorldProvider | undefined): JsonObject {
  if (provider === 'linkerd') return { provider };
  if (provider === 'replicas' || provider === 'worker') return { provider: 'replicas' };
  return provider === 'mesh' ? { provider: 'istio' } : {};
}

/** A GitOps tool restores the VirtualService from Git. */
export function resetVirtualService(world: World): void {
  world.edit(VIRTUAL_SERVICES, 'web', (draft) => (draft.spec = structuredClone(VIRTUAL_SERVICE.spec ?? {})));
}

/** A user changes the weights of a split, in whatever object they are. */
export function turnMesh(world: World, canary: number): void {
  const share = (name: unknown) => (String(name).startsWith('web-canary') ? canary : 100 - canary);
  for (const name of ['web', 'web-canary']) {
    world.edit(VIRTUAL_SERVICES, name, (draft) => {
      for (const route of getObjects(draft, 'spec', 'http').map((http) => getObjects(http, 'route'))) {
        if (route.length < 2) continue;
        for (const each of route) each['weight'] = share(getString(each, 'destination', 'host'));
      }
    });
  }
  world.edit(SPLITS, 'web-canary', (draft) => {
    for (const each of getObjects(draft, 'spec', 'backends')) each['weight'] = share(each['service']);
  });
}

/** A user deletes what Sluice made. */
export function deleteMade(world: World): void {
  for (const resource of MESH_KINDS) {
    if (world.get(resource, 'web-canary') !== undefined)
      world.api.store.delete(resource, NAMESPACE, 'web-canary');
  }
}

/** Linkerd's SMI extension: the ServiceProfile of the apex follows a TrafficSplit half a second later. */
export function followSplits(world: World): void {
  const { store } = world.api;
  const name = 'web.shop.svc.cluster.local';
  store.watch(({ resource }) => {
    if (resource !== SPLITS) return;
    world.clock.after(500, () => {
      const [split] = store.list(SPLITS, NAMESPACE);
      const dstOverrides = getObjects(split, 'spec', 'backends').map((each) => ({
        authority: `${getString(each, 'service') ?? ''}.shop.svc.cluster.local`,
        weight: String(getNumber(each, 'weight')),
      }));
      const live = store.get(PROFILES, NAMESPACE, name);
      if (live !== undefined) store.update(PROFILES, { ...live, spec: { dstOverrides } }, {});
      else {
        const metadata = { name, namespace: NAMESPACE };
        const spec = { dstOverrides };
        store.create(PROFILES, { apiVersion: 'linkerd.io/v1alpha2', kind: 'ServiceProfile', metadata, spec });
      }
    });
  });
}
