/** A room of the house, and the rooms that it may import besides itself. */
export interface Room {
  path: string;
  /** for docs/architecture.md */
  what: string;
  mayImport: readonly string[];
  /** the room is pure: no time, no randomness, no I/O, and only these packages */
  packages?: readonly string[];
}

/**
 * The house, from its ground floor up. `.dependency-cruiser.mjs` derives the rules of imports from it,
 * eslint.config.js the rules of pure rooms, and `npm run generate` the picture and the table of
 * docs/architecture.md. `test/` may import everything.
 */
export const HOUSE: readonly Room[] = [
  {
    path: 'lib',
    what: 'generic tools without a word of our field: JSON, durations, quantities, results, texts, turns',
    mayImport: [],
    packages: [],
  },
  {
    path: 'api',
    what: 'the language everyone shares: kinds, parsing to `ok | issues`, defaults, conditions, reasons, names, shapes of Kubernetes objects',
    mayImport: ['lib'],
    packages: [],
  },
  { path: 'analysis/stats', what: 'mathematics', mayImport: ['lib'], packages: [] },
  {
    path: 'analysis/promql',
    what: "PromQL by the grammar of Prometheus' own editor: what is wrong and where, selectors and which series they match, ranges, fences",
    mayImport: ['api', 'lib'],
    packages: ['@lezer/common', '@prometheus-io/lezer-promql', 're2js'],
  },
  {
    path: 'analysis/judge',
    what: 'kinds of metrics, a folder for each: what they ask, samples and state in, verdict and state out; `core/` is what they share',
    mayImport: ['analysis/stats', 'api', 'lib'],
    packages: ['mathjs'],
  },
  {
    path: 'analysis/step',
    what: 'when a step passes: one function for the controller, `sluice analyze` and `sluice backtest`',
    mayImport: ['api', 'lib'],
    packages: [],
  },
  {
    path: 'analysis/replay',
    what: "a release's steps over recorded windows, without a cluster",
    mayImport: ['analysis/step', 'analysis/judge', 'analysis/stats', 'api', 'lib'],
    packages: [],
  },
  {
    path: 'analysis/jobs',
    what: 'which measurement is under way and what came of it, and the one queue, fair by namespace',
    mayImport: ['api', 'lib'],
  },
  {
    path: 'analysis/measure',
    what: 'asks a source of metrics over one closed window; a folder for each source',
    mayImport: ['analysis/judge', 'analysis/jobs', 'analysis/promql', 'api', 'lib'],
  },
  {
    path: 'providers',
    what: 'traffic back ends behind `provider.ts`, a folder for each; `shared/` is what several need, `conformance/` the suite they are held to',
    mayImport: ['api', 'lib'],
    packages: ['crypto'],
  },
  {
    path: 'release',
    what: 'what to do about one target: facts, preflight, canary, companions, rules, steps, status, actions',
    mayImport: ['providers', 'analysis/judge', 'analysis/step', 'analysis/measure', 'api', 'lib'],
    packages: [],
  },
  { path: 'kube', what: 'the only code that talks to the API server; raw JSON', mayImport: ['api', 'lib'] },
  {
    path: 'controller',
    what: 'the process: `observe/` (watches and snapshot), queue, worker, execution, hold, seal, metrics, configuration',
    mayImport: ['release', 'kube', 'providers', 'analysis', 'api', 'lib'],
  },
  {
    path: 'cli',
    what: 'commands',
    mayImport: ['controller', 'release', 'kube', 'providers', 'analysis', 'api', 'lib'],
  },
  {
    path: 'playground',
    what: 'a cluster in one process: `apiserver/`, `workloads/`, `dataplane/`, `demo/`',
    mayImport: ['api', 'lib'],
  },
  {
    path: 'scripts',
    what: 'building, setting up, running all tests, writing down what the code says (`npm run generate`)',
    mayImport: ['playground', 'controller', 'release', 'providers', 'api', 'lib'],
  },
];
