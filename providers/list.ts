/** The back ends of this version, one line each: docs/extending/provider.md. */
export { contour } from './contour/contour.ts';
export { gateway } from './gateway/gateway.ts';
export { istio } from './istio/istio.ts';
export { linkerd } from './linkerd/linkerd.ts';
export { nginx } from './nginx/nginx.ts';
export { replicas } from './replicas/replicas.ts';
