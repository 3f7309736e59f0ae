import { ENVOY_PRESETS } from './gateway/envoy-presets.ts';
import { linkerdRoutePresets } from './gateway/presets.ts';
import { istioPresets, linkerdPresets, nginxPresets } from './presets.ts';
import type { Presets } from './provider.ts';
import { replicasPresets } from './replicas/presets.ts';
import { traefikNginxPresets, traefikPresets } from './gateway/traefik-presets.ts';

/** What templates may name, beside `auto` and `gateway` (of a Gateway API route: what fits its controller). */
export const PRESETS: readonly Presets[] = [
  nginxPresets,
  istioPresets,
  linkerdPresets,
  linkerdRoutePresets,
  ...ENVOY_PRESETS,
  traefikPresets,
  traefikNginxPresets,
  replicasPresets,
];
