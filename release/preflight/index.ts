export { CONSIDERED } from './considered.ts';
export { discoverTraffic } from './discover.ts';
export { notesOn } from './notes.ts';
export { preflight, type PreflightInput } from './preflight.ts';
export type { Discovery, DiscoveryInput, Note, Traffic } from './types.ts';
