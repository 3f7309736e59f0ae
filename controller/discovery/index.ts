export { discoverTraffic } from './discover.ts';
export { preflight, type PreflightInput } from './preflight.ts';
export type { Discovery, DiscoveryInput, Traffic } from './types.ts';
