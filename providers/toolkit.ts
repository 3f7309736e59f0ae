/**
 * What back ends are made of, in one place for whoever adds one (docs/extending/provider.md): ways to steer, the engine that edits
 * weights of users' routes in place, objects of our own, and queries that several back ends share.
 */
export { BY_ROUTES, byPods } from './shared/steering.ts';
export { planRoutes, recordRoutes, restoreRoutes, scopeOf, type InPlace } from './shared/in-place.ts';
export { seeRoutes } from './shared/in-place-seen.ts';
export type { LiveRule, Shape } from './shared/weighted-rules.ts';
export { anyOf, BY_PODS } from './shared/presets.ts';
export {
  ciliumGrpcPresets,
  ciliumPresets,
  contourGrpcPresets,
  contourPresets,
  envoyGatewayGrpcPresets,
  envoyGatewayPresets,
  ENVOY_PRESETS,
  kgatewayPresets,
} from './shared/envoy-presets.ts';
export { traefikNginxPresets, traefikPresets } from './shared/traefik-presets.ts';
export { sessionsStay } from './shared/sessions.ts';
export { alternation, dashed } from './shared/names.ts';
