import { getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { inProcessTransport } from '../support/in-process.ts';
import { ownersOf } from '../support/owners.ts';
import { VIRTUAL_SERVICE, VIRTUAL_SERVICES } from './mesh.ts';
import { INGRESS, ROUTE, SERVICE, target, VERSIONS } from './objects.ts';
import { NAMESPACE, type World } from './world.ts';

const DEPLOYMENTS = 'deployments.apps';

/** The objects of the app's chart that are in the cluster. */
const CHART: readonly { resource: string; path: string; object: (version: string) => KubeObject }[] = [
  { resource: 'services', path: '/api/v1', object: () => SERVICE },
  {
    resource: DEPLOYMENTS,
    path: '/apis/apps/v1',
    object: (version) => target(4, {}, VERSIONS.find(({ name }) => name === version)?.template),
  },
  { resource: 'ingresses.networking.k8s.io', path: '/apis/networking.k8s.io/v1', object: () => INGRESS },
  {
    resource: 'httproutes.gateway.networking.k8s.io',
    path: '/apis/gateway.networking.k8s.io/v1',
    object: () => ROUTE,
  },
  { resource: VIRTUAL_SERVICES, path: '/apis/networking.istio.io/v1', object: () => VIRTUAL_SERVICE },
];

const chartIn = (world: World) => CHART.filter(({ resource }) => world.get(resource, 'web') !== undefined);

/** Events that take more than a moment. */
export const APPLY_EVENTS: Record<string, (world: World, argument: string) => Promise<void>> = {
  // VERSION: like Helm 4 and `kubectl apply --server-side`, which apply the whole chart in its order, and
  // continue after a refusal
  'apply-server-side': async (world, version) => {
    const transport = inProcessTransport(world.api);
    world.refused = '';
    for (const { resource, path, object } of chartIn(world)) {
      const plural = resource.split('.')[0] ?? '';
      const response = await transport.request({
        method: 'PATCH',
        url: `${path}/namespaces/${NAMESPACE}/${plural}/web?fieldManager=helm`,
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body: JSON.stringify(object(version)),
      });
      if (response.status >= 300) world.refused += await response.text();
    }
  },
};

/**
 * From now on Helm applies the chart's objects, whatever created them; what Sluice owns by then stays as it
 * is.
 */
export function installedByHelm(world: World): void {
  for (const { resource } of chartIn(world))
    world.edit(resource, 'web', ({ metadata }) => {
      const entries = metadata.managedFields ?? [];
      metadata.managedFields = entries.map((entry) =>
        isApp(entry) ? { ...entry, manager: 'helm', operation: 'Apply' } : entry,
      );
    });
}

const isApp = (entry: JsonObject): boolean =>
  getString(entry, 'manager') !== 'sluice' && getString(entry, 'subresource') === undefined;

/** Every owner of a field of the app's objects, by name. */
export const ownersIn = (world: World): string =>
  [...new Set(chartIn(world).flatMap(({ resource }) => ownersOf(world.get(resource, 'web')!)))]
    .sort()
    .join(' ');
