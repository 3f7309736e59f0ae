/** Ready-made queries by name (providers/preset-list.ts has them); `auto` takes those that fit what serves the routes. */
export const PRESETS = [
  'auto',
  'gateway',
  'nginx',
  'istio',
  'linkerd',
  'linkerd-route',
  'envoy-gateway',
  'envoy-gateway-grpc',
  'cilium',
  'cilium-grpc',
  'contour',
  'contour-grpc',
  'kgateway',
  'traefik',
  'traefik-nginx',
  'replicas',
] as const;
