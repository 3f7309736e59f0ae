export { CONSIDERED } from './considered.ts';
export { discoverTraffic } from './discover.ts';
export { notesOn, type Note } from './notes.ts';
export { preflight, type PreflightInput } from './preflight.ts';
export type { Discovery, DiscoveryInput, Traffic } from './types.ts';
