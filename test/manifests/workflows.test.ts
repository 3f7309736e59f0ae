import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { getArray, getObject, getObjects, getString, getStringMap, type JsonObject } from '../../lib/json.ts';
import { programOnPath } from '../../playground/dataplane/metrics/apt.ts';
import { ensureGoProgram } from '../../scripts/lib/go-program.ts';
import { ROOT } from '../architecture/root.ts';

const FOLDER = join(ROOT, '.github', 'workflows');
const files = readdirSync(FOLDER);
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');
const scripts = getStringMap(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')), 'scripts');
const ROOMS = readdirSync(ROOT).filter((name) => !['node_modules', 'dist', 'coverage'].includes(name));

const jobsOf = (workflow: unknown): [string, JsonObject][] =>
  Object.entries(getObject(workflow, 'jobs') ?? {}).map(([name]) => [
    name,
    getObject(workflow, 'jobs', name) ?? {},
  ]);
const stepsOf = (workflow: unknown): JsonObject[] =>
  jobsOf(workflow).flatMap(([, job]) => getObjects(job, 'steps'));
const runsOf = (workflow: unknown): string[] =>
  stepsOf(workflow).flatMap((step) => getString(step, 'run') ?? []);

/** Commands of npm that package.json does not have. */
const unknownScripts = (run: string): string[] =>
  [...run.matchAll(/\bnpm (?:run (?:-s )?)?(test(?::[\w:]+)?|(?<=run (?:-s )?)[\w:-]+)/g)]
    .map(([, name = '']) => name)
    .filter((name) => scripts[name] === undefined)
    .map((name) => `no script ${name}`);

/** Paths below a folder or file of the repository that are not there. */
const missingPaths = (text: string): string[] =>
  [...text.matchAll(/(?<![\w./:@$}*-])(?:\.\/)?([\w.-]+)((?:\/[\w.-]+)*)/g)]
    .filter(([, first = '', rest = '']) => ROOMS.includes(first) && rest !== '')
    .map(([path]) => path)
    .filter((path) => !existsSync(join(ROOT, path)))
    .map((path) => `no file ${path}`);

/** Actions of others are named by a commit, with its version beside it: a tag can be moved. */
const loose = (text: string): string[] =>
  [...text.matchAll(/uses: (.+)$/gm)]
    .map(([, uses = '']) => uses)
    .filter(
      (uses) => !uses.startsWith('./') && !/^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(uses),
    )
    .map((uses) => `not pinned: ${uses}`);

/** What a job may write, and the step that needs it. */
const NEEDED: Readonly<Record<string, RegExp>> = {
  contents: /gh release create/,
  packages: /docker\/build-push-action/,
  'id-token': /cosign sign/,
  attestations: /actions\/attest-build-provenance/,
};

function permissionsOf(workflow: unknown): string[] {
  const wrong: string[] = [];
  if (JSON.stringify(getObject(workflow, 'permissions')) !== '{"contents":"read"}')
    wrong.push('a workflow begins with permissions to read contents, and no more');
  for (const [name, job] of jobsOf(workflow)) {
    const done = JSON.stringify(getObjects(job, 'steps'));
    for (const [what, how] of Object.entries(getStringMap(job, 'permissions')))
      if (how === 'write' && NEEDED[what]?.test(done) !== true)
        wrong.push(`${name} has no use for ${what}: write`);
  }
  return wrong;
}

function jobsWrong(workflow: unknown): string[] {
  return jobsOf(workflow)
    .filter(([, job]) => job['uses'] === undefined && typeof job['timeout-minutes'] !== 'number')
    .map(([name]) => `${name} has no timeout`);
}

function wrongWith(text: string): string[] {
  const workflow: unknown = parse(text);
  const runs = runsOf(workflow);
  const said = stepsOf(workflow).flatMap((step) => [
    getString(step, 'uses') ?? '',
    getString(step, 'working-directory') ?? '',
    getString(step, 'with', 'cache-dependency-path') ?? '',
  ]);
  return [
    ...loose(text),
    ...permissionsOf(workflow),
    ...jobsWrong(workflow),
    ...runs.flatMap(unknownScripts),
    ...[...runs, ...said.filter((each) => !each.includes('@'))].flatMap(missingPaths),
    // what is put into a script by GitHub is read as shell
    ...runs.filter((run) => run.includes('${{')).map((run) => `an expression in a script: ${run}`),
  ];
}

describe.each(files)('the workflow %s', (file) => {
  it('calls only what the repository has, pins the actions of others and may do no more than it needs', () => {
    expect(wrongWith(read(file))).toEqual([]);
  });

  const bash = programOnPath('bash');
  it.skipIf(bash === undefined)('has scripts that bash can read (skipped without bash)', () => {
    for (const run of runsOf(parse(read(file)))) {
      const { stderr } = spawnSync('bash', ['-n'], { input: run, encoding: 'utf8' });
      expect(stderr, run).toBe('');
    }
  });
});

describe('the check of workflows', () => {
  it('finds what is wrong with one', () => {
    const bad = `
permissions: write-all
jobs:
  one:
    permissions: { packages: write }
    steps:
      - uses: actions/checkout@v5
      - run: npm run nonsense && npm test && node test/cluster/nowhere.ts && echo \${{ github.head_ref }}
        working-directory: docs/nowhere
`;
    expect(wrongWith(bad)).toEqual([
      'not pinned: actions/checkout@v5',
      'a workflow begins with permissions to read contents, and no more',
      'one has no use for packages: write',
      'one has no timeout',
      'no script nonsense',
      'no file test/cluster/nowhere.ts',
      'no file docs/nowhere',
      expect.stringContaining('an expression in a script') as string,
    ]);
  });
});

const linter = ensureGoProgram({
  path: 'github.com/rhysd/actionlint/cmd/actionlint',
  version: '1.7.12',
  name: 'actionlint',
});
const why = 'missing' in linter ? ` (skipped: ${linter.missing})` : '';

describe.skipIf(why !== '')(`actionlint${why}`, () => {
  it('has nothing to say', () => {
    const program = 'path' in linter ? linter.path : '';
    const done = spawnSync(program, ['-no-color', ...files.map((file) => join(FOLDER, file))], {
      encoding: 'utf8',
    });
    expect(`${done.stdout}${done.stderr}`).toBe('');
    expect(done.status).toBe(0);
  });
});

const ROUTERS = ['envoy-gateway', 'traefik', 'istio', 'linkerd', 'ingress-nginx'];

describe('the workflow for real clusters', () => {
  const matrix = getObject(parse(read('clusters.yml')), 'jobs', 'cluster', 'strategy', 'matrix');
  const versions = (getArray(matrix, 'kubernetes') ?? []).map(String);

  it('runs the tests on Kubernetes 1.30 to 1.37, beside every router that Sluice knows best', () => {
    expect(versions).toEqual(Array.from({ length: 8 }, (_, minor) => `1.${30 + minor}`));
    expect(getArray(matrix, 'router')).toEqual([
      'envoy-gateway',
      'traefik',
      'istio',
      'linkerd',
      'ingress-nginx',
    ]);
    expect(runsOf(parse(read('clusters.yml')))).toContain(
      'npm run test:cluster -- --kubeconfig "$KUBECONFIG"',
    );
  });

  it('names a node of each of these versions by its digest', () => {
    const nodes = getObjects(matrix, 'include').map((each) => [
      getString(each, 'kubernetes'),
      /^kindest\/node:v(\d+\.\d+)\.\d+@sha256:[0-9a-f]{64}$/.exec(getString(each, 'node') ?? '')?.[1],
    ]);
    expect(nodes).toEqual(versions.map((version) => [version, version]));
  });

  it('installs each router in a step of its own', () => {
    const conditions = stepsOf(parse(read('clusters.yml'))).flatMap((step) => getString(step, 'if') ?? []);
    for (const router of ROUTERS) expect(conditions).toContain(`matrix.router == '${router}'`);
  });
});
