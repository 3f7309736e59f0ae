import { HOUSE } from './scripts/lib/house.ts';

/**
 * Which room of the house may import which (scripts/lib/house.ts), checked by `npm run lint:imports`. Tests and the suite that
 * providers are held to may import everything, and are imported by nothing that runs.
 */
const TOOLS = '^test/|\\.test\\.ts$|^providers/conformance/';
const ROOMS = [...new Set(HOUSE.map(({ path }) => path.split('/')[0]))].join('|');

const directions = HOUSE.map(({ path, mayImport }) => ({
  name: `${path} imports downwards`,
  severity: 'error',
  from: { path: `^${path}/`, pathNot: TOOLS },
  to: { path: `^(${ROOMS})/`, pathNot: [path, ...mayImport].map((each) => `^${each}/`) },
}));

const packages = HOUSE.filter((room) => room.packages !== undefined).map((room) => ({
  name: `${room.path} uses few packages`,
  severity: 'error',
  from: { path: `^${room.path}/`, pathNot: TOOLS },
  to: {
    dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'core'],
    ...(room.packages.length === 0 ? {} : { pathNot: `(^|node_modules/)(${room.packages.join('|')})(/|$)` }),
  },
}));

export default {
  forbidden: [
    ...directions,
    ...packages,
    {
      name: 'pure rooms know sources and never ask them',
      severity: 'error',
      comment: 'What a source says of itself is pure; what asks is loaded by its `open`.',
      from: { path: '^(analysis/judge|release)/', pathNot: TOOLS },
      to: { path: '^analysis/measure/', pathNot: '^analysis/measure/(sources?|check)\\.ts$' },
    },
    {
      name: 'a source is reached through the list',
      severity: 'error',
      from: { path: '^(analysis|controller|release)/', pathNot: `${TOOLS}|^analysis/measure/[^/]+/` },
      to: { path: '^analysis/measure/[^/]+/', pathNot: '^analysis/measure/[^/]+/index\\.ts$' },
    },
    {
      name: 'rules never call each other',
      severity: 'error',
      comment: 'Only the list knows rules; what two of them share is a function of release/plan.',
      from: { pathNot: `${TOOLS}|^release/rules/list\\.ts$` },
      to: { path: '^release/rules/[^/]+/' },
    },
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
