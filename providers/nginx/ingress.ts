import { getInteger, getObject, getObjects, getString, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { CANARY, copiedAnnotations, splitAnnotations } from './annotations.ts';
import { hashedLabel, ownLabels } from '../shared/naming.ts';
import type { Split, TrafficContext } from '../provider.ts';

/** One place of a user's Ingress with a Service as its backend. */
export interface IngressPath {
  host: string;
  path: string;
  pathType: string;
  service: string;
  port: JsonObject;
}

/**
 * Every (host, path, pathType) with a Service behind it, in order. "" is the host for every other host; an
 * empty path is "/".
 */
export function pathsOf(ingress: KubeObject): IngressPath[] {
  return getObjects(ingress, 'spec', 'rules').flatMap((rule) =>
    getObjects(rule, 'http', 'paths').flatMap((path): IngressPath[] => {
      const service = getString(path, 'backend', 'service', 'name');
      if (service === undefined) return [];
      return [
        {
          host: getString(rule, 'host') ?? '',
          // A canary's path "" is not joined to the main path "/", though both mean the same.
          path: getString(path, 'path') || '/',
          pathType: getString(path, 'pathType') ?? 'ImplementationSpecific',
          service,
          port: getObject(path, 'backend', 'service', 'port') ?? {},
        },
      ];
    }),
  );
}

/** Ports by which an Ingress reaches the Service, as it writes them: number or name. */
export const portsOf = (ingress: KubeObject, service: string): string[] =>
  pathsOf(ingress)
    .filter((path) => path.service === service)
    .flatMap(({ port }) => getInteger(port, 'number')?.toString() ?? getString(port, 'name') ?? []);

export const placeOf = ({ host, path, pathType }: IngressPath): string =>
  JSON.stringify([host, path, pathType]);

/** As the controller reads a boolean; any other value makes it a normal Ingress. */
export const isCanary = (ingress: KubeObject): boolean =>
  /^(1|t|T|true|TRUE|True)$/.test(getString(ingress, 'metadata', 'annotations', CANARY) ?? '');

export const defaultService = (ingress: KubeObject): string | undefined =>
  getString(ingress, 'spec', 'defaultBackend', 'service', 'name');

export const namesService = (ingress: KubeObject, name: string): boolean =>
  defaultService(ingress) === name || pathsOf(ingress).some(({ service }) => service === name);

/** The user's Ingresses to be split: those with a path to the stable Service. */
export function mains({ routes, stableService }: TrafficContext): KubeObject[] {
  const stable = stableService.metadata.name;
  return routes.filter((ingress) => pathsOf(ingress).some(({ service }) => service === stable));
}

/**
 * One canary Ingress for each user's Ingress and target. The hash separates pairs whose names join to the
 * same text.
 */
export function canaryIngressName(ingress: string, target: string): string {
  return hashedLabel(`${ingress}-${target}`, '-canary', JSON.stringify([ingress, target]));
}

/** The canary Ingress beside `ingress`: only the places that lead to the stable Service, leading to the canary's. */
export function canaryIngress(context: TrafficContext, ingress: KubeObject, split: Split): KubeObject {
  const className = getString(ingress, 'spec', 'ingressClassName');
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: canaryIngressName(ingress.metadata.name, context.target),
      namespace: context.namespace,
      labels: ownLabels(context.target, context.release),
      annotations: {
        ...copiedAnnotations(ingress, mains(context)),
        ...splitAnnotations(context.wants, split),
      },
      ownerReferences: [context.owner],
    },
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      rules: canaryRules(context, ingress),
    },
  };
}

/**
 * One place without a counterpart in the main Ingress would disable the whole canary, so Sluice adds no such
 * place, and no place twice.
 */
function canaryRules(context: TrafficContext, ingress: KubeObject): JsonObject[] {
  const stable = ownPlaces(ingress).filter(({ service }) => service === context.stableService.metadata.name);
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

/** If an Ingress names a place twice, the first counts. */
export function ownPlaces(ingress: KubeObject): IngressPath[] {
  const places = new Map<string, IngressPath>();
  for (const path of pathsOf(ingress)) if (!places.has(placeOf(path))) places.set(placeOf(path), path);
  return [...places.values()];
}

export const annotationsOf = (ingress: KubeObject): Record<string, string> =>
  getStringMap(ingress, 'metadata', 'annotations');
