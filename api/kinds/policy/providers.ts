/** The back ends by name, written by `npm run generate` from providers/list.ts: type, schema and CRD have them from here. */
export const PROVIDERS = ['contour', 'gateway', 'istio', 'linkerd', 'nginx', 'replicas'] as const;

export type ProviderName = (typeof PROVIDERS)[number];
