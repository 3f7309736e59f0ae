import type { JsonObject, KubeObject } from '../../api/kube.ts';

const GROUP = 'gateway.networking.k8s.io';
const OPEN: JsonObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/**
 * HTTPRoute and Gateway, served but hardly validated: enough for the playground where its API server does not bring
 * them along. A real cluster gets the ones of the Gateway API project.
 */
export function gatewayApiCrds(): KubeObject[] {
  return [crd('httproutes', 'HTTPRoute'), crd('gateways', 'Gateway')];
}

function crd(plural: string, kind: string): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: OPEN, status: OPEN } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${GROUP}`,
      annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api' },
    },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      versions: [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {} } }],
    },
  };
}
