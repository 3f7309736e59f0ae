import { gateway } from './gateway.ts';
import { nginx } from './nginx.ts';
import type { Provider } from './provider.ts';

/** The back ends of this version, in order of preference. */
export const PROVIDERS: Record<'gateway' | 'nginx', Provider> = { gateway, nginx };

export { trafficVariables } from './variables.ts';
