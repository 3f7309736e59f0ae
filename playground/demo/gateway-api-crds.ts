import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';

const GROUP = 'gateway.networking.k8s.io';
const OPEN: JsonObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/**
 * HTTPRoute, GRPCRoute and Gateway, served with hardly any validation: enough where the playground's API
 * server does not bring them along. A real cluster gets those of the Gateway API project.
 */
export function gatewayApiCrds(): KubeObject[] {
  const versions = [{ name: 'v1', spec: OPEN }];
  // The API server requires this annotation for groups that end in k8s.io.
  const annotations = { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api' };
  return ['HTTPRoute', 'GRPCRoute', 'Gateway'].map((kind) =>
    crd({ group: GROUP, kind, versions, annotations }),
  );
}

export interface CrdSketch {
  group: string;
  kind: string;
  /** default: the kind with an s */
  plural?: string;
  /** schema of `spec` by version; the first one is stored */
  versions: { name: string; spec: JsonObject }[];
  annotations?: Record<string, string>;
}

/** A namespaced kind with a status subresource. */
export function crd({
  group,
  kind,
  versions,
  annotations = {},
  plural = `${kind.toLowerCase()}s`,
}: CrdSketch): KubeObject {
  const singular = kind.toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, annotations },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular },
      versions: versions.map(({ name, spec }, index) => ({
        name,
        served: true,
        storage: index === 0,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec, status: OPEN } } },
        subresources: { status: {} },
      })),
    },
  };
}
