import { PROVIDERS as ALL, type ProviderName } from '../../api/kinds/policy/providers.ts';
import type { Strategy } from '../../api/kinds/policy/strategy.ts';
import type { GatewayPorts } from '../dataplane/proxy/gateway.ts';
import { APP, type Placed } from './objects.ts';
import {
  EDGE_HOST,
  gateway,
  httpProxy,
  httpRoute,
  ingress,
  SERVICE_HOST,
  serviceProfile,
  virtualService,
} from './routes.ts';

/** The demo with one back end. */
export interface World {
  /** the user's means of routing, for a sentence */
  routedBy: string;
  /** the user's routes */
  routes: () => Placed[];
  /** the host that clients use */
  host: string;
  /** the port of the playground's gateway that follows these routes */
  port: keyof GatewayPorts;
  /** the policy says `provider`; without it the controller finds the back end by the user's routes */
  named?: true;
  /** every pod is scraped; without it the gateway counts for all of them */
  countsPods?: true;
  can: Ability;
}

export interface Ability {
  strategies: readonly Strategy[];
  mirror: boolean;
  sticky: boolean;
}

export const STRATEGIES: readonly Strategy[] = ['canary', 'blueGreen', 'ab'];

const EVERYTHING: Ability = { strategies: STRATEGIES, mirror: true, sticky: true };
const only = (...strategies: Strategy[]): Ability => ({ strategies, mirror: false, sticky: false });

const WORLDS = {
  contour: {
    routedBy: `HTTPProxy ${APP}`,
    routes: () => [{ plural: 'httpproxies', object: httpProxy() }],
    host: EDGE_HOST,
    port: 'contour',
    can: only('canary', 'blueGreen'),
  },
  gateway: {
    routedBy: `HTTPRoute ${APP}`,
    routes: () => [
      { plural: 'gateways', object: gateway() },
      { plural: 'httproutes', object: httpRoute() },
    ],
    host: EDGE_HOST,
    port: 'routes',
    can: EVERYTHING,
  },
  istio: {
    routedBy: `VirtualService ${APP}`,
    routes: () => [{ plural: 'virtualservices', object: virtualService() }],
    host: EDGE_HOST,
    port: 'istio',
    can: EVERYTHING,
  },
  linkerd: {
    routedBy: `Service ${APP} within the mesh`,
    routes: () => [{ plural: 'serviceprofiles', object: serviceProfile() }],
    // It splits requests to the Service from within the cluster, like a Service itself.
    host: SERVICE_HOST,
    port: 'linkerd',
    named: true,
    can: only('canary', 'blueGreen'),
  },
  nginx: {
    routedBy: `Ingress ${APP}`,
    routes: () => [{ plural: 'ingresses', object: ingress() }],
    host: EDGE_HOST,
    port: 'ingress',
    can: only(...STRATEGIES),
  },
  replicas: {
    routedBy: `Service ${APP} alone, to any of its pods`,
    routes: () => [],
    host: SERVICE_HOST,
    port: 'services',
    named: true,
    countsPods: true,
    can: only('canary'),
  },
} as const satisfies Partial<Record<ProviderName, World>>;

export type DemoProvider = keyof typeof WORLDS;

export const worldOf = (provider: DemoProvider): World => WORLDS[provider];

/** The back ends of Sluice that the demo can play: all that have a world here. */
export const PROVIDERS = ALL.filter((name): name is DemoProvider => name in WORLDS);
