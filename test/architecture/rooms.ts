/** The table of docs/architecture.md: which file lies in which room, and what each room may import. */
export type Room =
  | 'api'
  | 'stats'
  | 'promql'
  | 'judge'
  | 'replay'
  | 'measure'
  | 'queue'
  | 'providers'
  | 'kube'
  | 'controller (pure)'
  | 'controller (I/O)'
  | 'cli'
  | 'playground'
  | 'scripts'
  | 'test';

/** First match wins. */
const ROOMS: readonly [RegExp, Room][] = [
  [/\.test\.ts$|^test\/|\/testing\/|^providers\/conformance(-\w+)?\.ts$/, 'test'],
  [/^api\//, 'api'],
  [/^analysis\/stats\//, 'stats'],
  [/^analysis\/promql\//, 'promql'],
  [/^analysis\/judge\//, 'judge'],
  [/^analysis\/replay\//, 'replay'],
  [/^analysis\/measure\//, 'measure'],
  [/^analysis\/queue\//, 'queue'],
  [/^providers\//, 'providers'],
  [/^kube\//, 'kube'],
  [/^controller\/(model|decide|facts|status|rights)\.ts$/, 'controller (pure)'],
  [/^controller\/(rules|facts|canary|companions|discovery|status)\//, 'controller (pure)'],
  [/^controller\//, 'controller (I/O)'],
  [/^cli\//, 'cli'],
  [/^playground\//, 'playground'],
  [/^scripts\//, 'scripts'],
];

export function roomOf(path: string): Room | undefined {
  return ROOMS.find(([pattern]) => pattern.test(path))?.[1];
}

/** Besides itself. `test` may import everything and is imported by nothing but itself. */
export const MAY_IMPORT: Record<Exclude<Room, 'test'>, readonly Room[]> = {
  api: [],
  stats: [],
  promql: ['api'],
  judge: ['api', 'stats', 'promql'],
  replay: ['api', 'stats', 'judge'],
  measure: ['api', 'promql'],
  queue: ['api', 'measure'],
  providers: ['api'],
  kube: ['api'],
  'controller (pure)': ['api', 'judge', 'providers'],
  'controller (I/O)': ['api', 'judge', 'measure', 'queue', 'providers', 'kube', 'controller (pure)'],
  cli: ['api', 'promql', 'judge', 'replay', 'measure', 'providers', 'kube', 'controller (pure)'],
  playground: ['api'],
  scripts: ['api', 'playground', 'controller (pure)'],
};

/** Single doors in walls that are closed otherwise: "importer → imported". */
export const DOORS: readonly string[] = [
  'cli/commands/controller.ts → controller/main.ts',
  // it looks at a cluster as the controller does
  'cli/commands/check.ts → controller/snapshot.ts',
  'cli/check/reader.ts → controller/snapshot.ts',
];

/** Packages that pure rooms may use; rooms not listed may use any. */
export const PACKAGES: Partial<Record<Room, readonly string[]>> = {
  api: [],
  stats: [],
  promql: ['@lezer/common', '@prometheus-io/lezer-promql'],
  judge: ['mathjs', 'mathjs/number'],
  replay: [],
  // of it only a hash, which is a function of its text (eslint.config.js)
  providers: ['node:crypto'],
  'controller (pure)': [],
};

/** The one file per program that prints, reads the environment and ends it. */
export const PROGRAMS = /^(cli|playground|controller)\/main\.ts$|^scripts\/[^/]+\.ts$/;
