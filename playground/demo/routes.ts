import type { KubeObject } from '../../api/kube.ts';
import { APP, meta, NAMESPACE } from './objects.ts';

/** The host for clients outside the cluster. */
export const EDGE_HOST = 'shop.example';
/** The name by which a client within the cluster reaches the Service. */
export const SERVICE_HOST = `${APP}.${NAMESPACE}.svc.cluster.local`;

export function gateway(): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: meta(),
    spec: { gatewayClassName: 'playground', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
  };
}

export function httpRoute(): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: meta(),
    spec: {
      parentRefs: [{ name: APP }],
      hostnames: [EDGE_HOST],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          backendRefs: [{ name: APP, port: 80 }],
        },
      ],
    },
  };
}

export function ingress(): KubeObject {
  const backend = { service: { name: APP, port: { number: 80 } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: meta(),
    spec: {
      ingressClassName: 'nginx',
      rules: [{ host: EDGE_HOST, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
}

export function virtualService(): KubeObject {
  const route = [{ destination: { host: APP, port: { number: 80 } } }];
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: meta(),
    spec: { hosts: [EDGE_HOST], gateways: ['public'], http: [{ name: 'all', route, timeout: '10s' }] },
  };
}

/** For metrics by route; Linkerd's SMI extension writes the split into it and removes it again. */
export function serviceProfile(): KubeObject {
  const condition = { method: 'GET', pathRegex: '/.*' };
  return {
    apiVersion: 'linkerd.io/v1alpha2',
    kind: 'ServiceProfile',
    metadata: meta({ name: SERVICE_HOST }),
    spec: { routes: [{ name: 'GET', condition }] },
  };
}

export function httpProxy(): KubeObject {
  return {
    apiVersion: 'projectcontour.io/v1',
    kind: 'HTTPProxy',
    metadata: meta(),
    spec: {
      virtualhost: { fqdn: EDGE_HOST },
      routes: [{ conditions: [{ prefix: '/' }], services: [{ name: APP, port: 80 }] }],
    },
  };
}
