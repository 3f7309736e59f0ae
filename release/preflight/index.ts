export { CONSIDERED } from './considered.ts';
export { discoverTraffic } from './discover.ts';
export { notesOn } from './notes.ts';
export { preflight, type PreflightInput } from './preflight.ts';
export type { Discovery, DiscoveryInput, Traffic } from './types.ts';
export type { Note } from '../../providers/provider.ts';
