import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { Backends } from '../../playground/dataplane/proxy/backends.ts';
import { seeded, type Random } from '../../lib/random.ts';
import type { Routed, RoutedRequest } from '../../playground/dataplane/routing/routing.ts';

/** Builders for the tests of this folder. */
export function service(name: string, namespace = 'shop'): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
}

/** A slice of a Service with one ready endpoint for each address and, after a "-", one that is not ready. */
export function slice(of: string, addresses: string[], namespace = 'shop'): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${of}-1`, namespace, labels: { 'kubernetes.io/service-name': of } },
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: addresses.map((address) => ({
      addresses: [address.replace('-', '')],
      targetRef: { kind: 'Pod', namespace, name: `${of}-7c9d8-abcde` },
      conditions: { ready: !address.startsWith('-') },
    })),
  };
}

/** Services with these ready addresses, all in namespace shop with port 80, named http. */
export function backends(services: Record<string, string[]>): Backends {
  const names = Object.keys(services);
  return new Backends(
    names.map((name) => service(name)),
    names.map((name) => slice(name, services[name] ?? [])),
  );
}

export interface IngressSketch {
  name: string;
  service: string;
  host?: string;
  path?: string;
  pathType?: string;
  port?: JsonObject;
  annotations?: Record<string, string>;
  created?: string;
}

export function ingress(sketch: IngressSketch): KubeObject {
  const { name, host = 'shop.example', path = '/', pathType = 'Prefix', annotations = {} } = sketch;
  const prefixed = Object.entries(annotations).map(([key, value]) => [
    `nginx.ingress.kubernetes.io/${key}`,
    value,
  ]);
  const backend = { service: { name: sketch.service, port: sketch.port ?? { number: 80 } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name,
      namespace: 'shop',
      annotations: Object.fromEntries(prefixed) as Record<string, string>,
      creationTimestamp: sketch.created ?? '2026-01-01T00:00:00Z',
    },
    spec: { ingressClassName: 'nginx', rules: [{ host, http: { paths: [{ path, pathType, backend }] } }] },
  };
}

export function httpRoute(
  rules: JsonObject[],
  more: { name?: string; hostnames?: string[]; created?: string } = {},
): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: {
      name: more.name ?? 'shop',
      namespace: 'shop',
      generation: 3,
      creationTimestamp: more.created ?? '2026-01-01T00:00:00Z',
    },
    spec: {
      parentRefs: [{ name: 'shop' }],
      rules,
      ...(more.hostnames === undefined ? {} : { hostnames: more.hostnames }),
    },
  };
}

export const gateway = (): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'shop', namespace: 'shop' },
});

/** A backendRef. */
export const ref = (name: string, weight?: number): JsonObject =>
  weight === undefined ? { name, port: 80 } : { name, port: 80, weight };

export function request(path = '/', more: Partial<RoutedRequest> = {}): RoutedRequest {
  return { method: 'GET', host: 'shop.example', path, query: new URLSearchParams(), headers: {}, ...more };
}

/** The shares of 20 000 answers to one request, by Service or status. */
export function shares(
  table: { route: (request: RoutedRequest, random: Random) => Routed<{ service: string }> },
  asked = request(),
): Record<string, number> {
  const random = seeded(11);
  const found: Record<string, number> = {};
  for (let i = 0; i < 20_000; i += 1) {
    const routed = table.route(asked, random);
    const key = 'to' in routed ? routed.labels.service : String(routed.status);
    found[key] = (found[key] ?? 0) + 1 / 20_000;
  }
  return found;
}
