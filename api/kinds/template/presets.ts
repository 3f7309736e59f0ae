/** Ready-made queries by name, written by `npm run generate` from what the back ends bring; `auto` takes those that fit what serves the routes. */
export const PRESETS = [
  'auto',
  'contour',
  'gateway',
  'istio',
  'linkerd',
  'nginx',
  'replicas',
  'contour-grpc',
  'linkerd-route',
  'envoy-gateway',
  'envoy-gateway-grpc',
  'cilium',
  'cilium-grpc',
  'kgateway',
  'traefik',
  'traefik-nginx',
] as const;
