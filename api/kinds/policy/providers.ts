/** The back ends by name, in order of preference: the one list from which type, schema and CRD have them. */
export const PROVIDERS = ['gateway', 'nginx', 'istio', 'linkerd', 'replicas'] as const;

export type ProviderName = (typeof PROVIDERS)[number];
