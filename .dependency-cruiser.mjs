/**
 * Which room of the house may import which (docs/architecture.md), checked by `npm run lint:imports`. Tests and the suite that
 * providers are held to may import everything, and are imported by nothing that runs.
 */
const TOOLS = '^test/|\\.test\\.ts$|^providers/conformance/';
const ROOMS = 'lib|api|analysis|providers|release|kube|controller|cli|playground|scripts';

/** `path` may import itself, packages and what is listed. */
const room = (path, ...allowed) => ({
  name: `${path} imports downwards`,
  severity: 'error',
  from: { path: `^${path}/`, pathNot: TOOLS },
  to: { path: `^(${ROOMS})/`, pathNot: [path, ...allowed].map((each) => `^${each}/`) },
});

/** Packages that a pure room may use. */
const packages = (path, ...allowed) => ({
  name: `${path} uses few packages`,
  severity: 'error',
  from: { path: `^${path}/`, pathNot: TOOLS },
  to: {
    dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'core'],
    ...(allowed.length === 0 ? {} : { pathNot: `(^|node_modules/)(${allowed.join('|')})(/|$)` }),
  },
});

export default {
  forbidden: [
    room('lib'),
    room('api', 'lib'),
    room('analysis/stats', 'lib'),
    room('analysis/promql', 'api', 'lib'),
    room('analysis/judge', 'analysis/stats', 'analysis/promql', 'api', 'lib'),
    room('analysis/step', 'api', 'lib'),
    room('analysis/replay', 'analysis/step', 'analysis/judge', 'analysis/stats', 'api', 'lib'),
    room('analysis/measure', 'analysis/promql', 'api', 'lib'),
    room('analysis/queue', 'analysis/measure', 'api', 'lib'),
    room('providers', 'api', 'lib'),
    room('release', 'providers', 'analysis/judge', 'analysis/step', 'api', 'lib'),
    room('kube', 'api', 'lib'),
    room('controller', 'release', 'kube', 'providers', 'analysis', 'api', 'lib'),
    room('cli', 'controller', 'release', 'kube', 'providers', 'analysis', 'api', 'lib'),
    room('playground', 'api', 'lib'),
    room('scripts', 'playground', 'release', 'api', 'lib'),
    packages('lib'),
    packages('api'),
    packages('analysis/stats'),
    packages('analysis/promql', '@lezer/common', '@prometheus-io/lezer-promql'),
    packages('analysis/judge', 'mathjs'),
    packages('analysis/step'),
    packages('analysis/replay'),
    packages('providers', 'crypto'),
    packages('release'),
    {
      name: 'no circles',
      severity: 'error',
      comment: 'Files that need each other are one file, or a third is missing below them.',
      from: { pathNot: TOOLS },
      to: { circular: true },
    },
    {
      name: 'no test tools in the product',
      severity: 'error',
      from: { pathNot: `${TOOLS}|^vitest\\.config\\.ts$` },
      to: { path: TOOLS },
    },
    {
      name: 'nothing imports programs',
      severity: 'error',
      comment: 'The command line, the page and the playground stand on top; a script may use the playground.',
      from: { pathNot: `${TOOLS}|^(cli|playground|scripts)/` },
      to: { path: '^(cli|playground|scripts)/' },
    },
    {
      name: 'no file alone',
      severity: 'error',
      comment: 'Nothing needs it: remove it.',
      from: {
        orphan: true,
        pathNot: `${TOOLS}|^(eslint\\.config\\.js|\\.dependency-cruiser\\.mjs)$|^scripts/|generate\\.ts$`,
      },
      to: {},
    },
    {
      name: 'packages are declared',
      severity: 'error',
      from: { pathNot: `${TOOLS}|^(scripts|vitest\\.config)` },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json', '.mjs'],
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'default'],
    },
    skipAnalysisNotInRules: true,
    cache: false,
  },
};
