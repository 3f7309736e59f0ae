import { getObjects } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';

const metadata = (name: string, more: Partial<KubeObject['metadata']> = {}) => ({
  name,
  namespace: 'shop',
  ...more,
});

/** A backendRef to a Service of the namespace, port 80. */
export const backend = (name: string, more: JsonObject = {}): JsonObject => ({ name, port: 80, ...more });

export const pathMatch = (value: string): JsonObject => ({ path: { type: 'PathPrefix', value } });

/** A rule for one path prefix. */
export const rule = (path: string, backendRefs: JsonObject[], more: JsonObject = {}): JsonObject => ({
  matches: [pathMatch(path)],
  backendRefs,
  ...more,
});

export const httpRoute = (name: string, rules: JsonObject[], more: JsonObject = {}): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: metadata(name),
  spec: { parentRefs: [{ name: 'public' }], hostnames: ['shop.example.com'], rules, ...more },
});

/** A rule for one gRPC service; "" means every service. */
export const grpcRule = (service: string, backendRefs: JsonObject[], more: JsonObject = {}): JsonObject => ({
  ...(service === '' ? {} : { matches: [{ method: { service } }] }),
  backendRefs,
  ...more,
});

export const grpcRoute = (name: string, rules: JsonObject[], more: JsonObject = {}): KubeObject => ({
  ...httpRoute(name, rules, more),
  kind: 'GRPCRoute',
});

/** The status of a route on which these controllers have reported that every parent accepts it. */
export function reportedBy(route: KubeObject, ...controllers: string[]): KubeObject {
  const { generation = 1 } = route.metadata;
  const conditions = ['Accepted', 'ResolvedRefs'].map((type) => ({
    type,
    status: 'True',
    // Linkerd never says which generation it has seen.
    ...(controllers.some((name) => name.startsWith('linkerd.io/')) ? {} : { observedGeneration: generation }),
    lastTransitionTime: '2026-01-01T00:00:00Z',
    message: '',
    reason: type,
  }));
  const parents = getObjects(route, 'spec', 'parentRefs').flatMap((parentRef) =>
    controllers.map((controllerName) => ({ parentRef, controllerName, conditions })),
  );
  return { ...route, status: { parents } };
}

export interface PathOptions {
  port?: JsonObject;
  pathType?: string;
}

/** One path of an Ingress to a Service of the namespace, port 80. */
export const ingressPath = (
  path: string,
  service: string,
  { port, pathType }: PathOptions = {},
): JsonObject => ({
  path,
  pathType: pathType ?? 'Prefix',
  backend: { service: { name: service, port: port ?? { number: 80 } } },
});

/** `rules`: paths by host; "" means no host. */
export function ingress(
  name: string,
  rules: Record<string, JsonObject[]>,
  more: Partial<KubeObject> = {},
): KubeObject {
  const list = Object.entries(rules).map(([host, paths]) => ({
    ...(host === '' ? {} : { host }),
    http: { paths },
  }));
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    ...more,
    metadata: metadata(name, more.metadata),
    spec: { ingressClassName: 'nginx', rules: list, ...more.spec },
  };
}
