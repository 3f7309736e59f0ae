import { getObject, getObjects, getString, getStringMap } from '../api/json.ts';
import type { JsonObject, KubeObject } from '../api/kube.ts';
import { hashedLabel, ownLabels } from './naming.ts';
import type { TrafficContext } from './provider.ts';

const PREFIX = 'nginx.ingress.kubernetes.io/';
const CLASS = 'kubernetes.io/ingress.class';

export const CANARY = `${PREFIX}canary`;
export const WEIGHT = `${PREFIX}canary-weight`;
export const PASSTHROUGH = `${PREFIX}ssl-passthrough`;

/** What the controller reads from the canary Ingress itself; everything else it takes from the main one. */
const READ_FROM_CANARY = [
  CLASS,
  ...['affinity-canary-behavior', 'load-balance', 'service-upstream', 'upstream-hash-by'].map(
    (name) => PREFIX + name,
  ),
];

/** One place of a user's Ingress whose backend is a Service. */
export interface IngressPath {
  host: string;
  path: string;
  pathType: string;
  service: string;
  port: JsonObject;
}

/** Every (host, path, pathType) with a Service behind it, in order. "" is the catch-all host; an empty path is "/". */
export function pathsOf(ingress: KubeObject): IngressPath[] {
  return getObjects(ingress, 'spec', 'rules').flatMap((rule) =>
    getObjects(rule, 'http', 'paths').flatMap((path): IngressPath[] => {
      const service = getString(path, 'backend', 'service', 'name');
      if (service === undefined) return [];
      return [
        {
          host: getString(rule, 'host') ?? '',
          // A canary path "" does not meet the main path "/", though both mean the same.
          path: getString(path, 'path') || '/',
          pathType: getString(path, 'pathType') ?? 'ImplementationSpecific',
          service,
          port: getObject(path, 'backend', 'service', 'port') ?? {},
        },
      ];
    }),
  );
}

export const placeOf = ({ host, path, pathType }: IngressPath): string =>
  JSON.stringify([host, path, pathType]);

export const isCanary = (ingress: KubeObject): boolean =>
  /^(1|t|true)$/i.test(getString(ingress, 'metadata', 'annotations', CANARY) ?? '');

/** One canary Ingress per user's Ingress and target; the hash keeps pairs apart whose names join to the same text. */
export function canaryIngressName(ingress: string, target: string): string {
  return hashedLabel(`${ingress}-${target}`, '-canary', JSON.stringify([ingress, target]));
}

/** The canary Ingress beside `ingress`: only the places that lead to the stable Service, leading to the canary's. */
export function canaryIngress(context: TrafficContext, ingress: KubeObject, weight: number): KubeObject {
  const annotations = getStringMap(ingress, 'metadata', 'annotations');
  const copied = Object.entries(annotations).filter(([key]) => READ_FROM_CANARY.includes(key));
  const className = getString(ingress, 'spec', 'ingressClassName');
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: canaryIngressName(ingress.metadata.name, context.target),
      namespace: context.namespace,
      labels: ownLabels(context.target, context.release),
      // Whole numbers only: the controller takes anything else for 0, without a word.
      annotations: { ...Object.fromEntries(copied), [CANARY]: 'true', [WEIGHT]: String(Math.round(weight)) },
      ownerReferences: [context.owner],
    },
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      rules: canaryRules(context, ingress),
    },
  };
}

/** A place without a counterpart in the main Ingress would stop the whole canary, so none is added and none twice. */
function canaryRules(context: TrafficContext, ingress: KubeObject): JsonObject[] {
  const places = new Map<string, IngressPath>();
  for (const path of pathsOf(ingress)) if (!places.has(placeOf(path))) places.set(placeOf(path), path);
  const stable = [...places.values()].filter(
    ({ service }) => service === context.stableService.metadata.name,
  );
  const hosts = [...new Set(stable.map(({ host }) => host))];
  return hosts.map((host) => {
    const paths = stable
      .filter((path) => path.host === host)
      .map(({ path, pathType, port }) => ({
        path,
        pathType,
        backend: { service: { name: context.canaryService, port } },
      }));
    return { ...(host === '' ? {} : { host }), http: { paths } };
  });
}
