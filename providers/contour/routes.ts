import { getInteger, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject, Resource } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { InPlace } from '../shared/in-place.ts';
import type { LiveRule, Shape } from '../shared/weighted-rules.ts';

export const HTTP_PROXIES = {
  group: 'projectcontour.io',
  version: 'v1',
  plural: 'httpproxies',
  kind: 'HTTPProxy',
  namespaced: true,
} as const satisfies Resource;

/** A service that receives copies does not count among the weights. */
export const isMirror = (service: JsonObject): boolean => service['mirror'] === true;

const SHAPE: Shape = {
  lists: ['routes'],
  destinations: 'services',
  unset: 0,
  allZero: 'even',
  // An HTTPProxy names Services of its own namespace only.
  refersTo: (service, name) => getString(service, 'name') === name && !isMirror(service),
  asCanary: (service, { canary }) => ({ ...service, name: canary }),
  asStable: (service, { stable }) => ({ ...service, name: stable }),
};

export const nameOf = (service: JsonObject): string => `Service ${getString(service, 'name') ?? ''}`;

/** The name of a route in a sentence. */
export function label(proxy: KubeObject, { index, rule }: Pick<LiveRule, 'index' | 'rule'>): string {
  const prefix = getObjects(rule, 'conditions').map((condition) => getString(condition, 'prefix'));
  const path = prefix.find((each) => each !== undefined);
  return `route ${index + 1}${path === undefined ? '' : ` (${path})`} of HTTPProxy ${proxy.metadata.name}`;
}

/** `spec.routes[].services[].weight`, edited in place. */
export const PROXIES: InPlace = { resource: HTTP_PROXIES, shape: SHAPE, plural: 'routes', label, nameOf };

/** Everything an HTTPProxy sends or copies to. */
const servicesOf = (proxy: KubeObject): JsonObject[] => [
  ...getObjects(proxy, 'spec', 'routes').flatMap((route) => getObjects(route, 'services')),
  ...tcpServices(proxy),
];

/** TCP connections are not split. */
export const tcpServices = (proxy: KubeObject): JsonObject[] =>
  getObjects(proxy, 'spec', 'tcpproxy', 'services');

export const namesService = (proxy: KubeObject, service: string): boolean =>
  servicesOf(proxy).some((each) => getString(each, 'name') === service);

export const portsOf = (proxy: KubeObject, service: string): string[] =>
  servicesOf(proxy)
    .filter((each) => getString(each, 'name') === service)
    .flatMap((each) => getInteger(each, 'port')?.toString() ?? []);
