import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getString } from '../lib/json.ts';
import {
  NOTHING,
  add,
  failedTests,
  formatTally,
  repeatedTests,
  skippedTests,
  tallyReport,
  type Tally,
} from './lib/tally.ts';

/**
 * `npm test`: set-up, static checks, unit tests, suites of conformance, simulations, end-to-end tests, the
 * lane on a real control plane if Go is installed to build it, and, if SLUICE_CONFORMANCE_KIT names a kit,
 * the comparison with a real API server. `--fast` (`npm run test:fast`): only types, lint and unit tests.
 * Says what was skipped and why. The last line is "N passed, N failed".
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules/.bin');
const env = {
  ...process.env,
  // The node of this process first: the system's may be too old for the project.
  PATH: [dirname(process.execPath), bin, process.env['PATH'] ?? ''].join(delimiter),
};

interface Ran {
  code: number;
  /** its output; empty if it printed to the terminal itself */
  output: string;
}

interface How {
  /** it prints to the terminal itself */
  show: boolean;
  variables?: Record<string, string>;
}

function run(command: string, args: string[], { show, variables = {} }: How): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...env, ...variables },
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', (error) => resolve({ code: 1, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Names of what was not run, with the reason. */
const skipped: string[] = [];

/** What failed, repeated at the end, where readers of a long run look. */
const failed: string[] = [];
/** What passed only when it was run again; also reported, since it may be a rare bug. */
const repeated: string[] = [];

const started = Date.now();
const seconds = () => `${((Date.now() - started) / 1000).toFixed(0)} s`;

/** A check that passes or fails as a whole; its output is shown only if it failed. */
async function check(name: string, command: string, args: string[]): Promise<Tally> {
  return outcome(name, await run(command, args, { show: false }));
}

function outcome(name: string, { code, output }: Ran): Tally {
  if (code !== 0) console.log(output.trimEnd());
  console.log(`[${seconds()}] ${code === 0 ? '✓' : '✗'} ${name}`);
  if (code !== 0) failed.push(name);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** All tests of these projects of vitest.config.ts. */
async function tests(projects: readonly string[], folder: string): Promise<Tally> {
  const named = projects.join('-');
  console.log(`[${seconds()}] tests: ${projects.join(', ')} …`);
  const file = join(folder, `${named}.json`);
  const args = [
    'run',
    ...projects.flatMap((each) => ['--project', each]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ];
  const { code } = await run(join(bin, 'vitest'), args, { show: true });
  return counted(file, code);
}

/**
 * Building what the tests on a real control plane need takes ten minutes the first time, so it uses the cores
 * that the other tests leave free.
 */
const building = (): Promise<Ran> =>
  run('nice', ['-n', '15', process.execPath, 'test/cluster/main.ts', '--build'], { show: false });

/** The manifests that are shipped for clusters, rendered by the programs that were built for the lane. */
async function manifests(): Promise<Tally> {
  const ran = await run(process.execPath, ['scripts/manifests.ts'], { show: false });
  const missing = ran.output.split('\n').filter((line) => line.startsWith('- '));
  skipped.push(...missing.map((line) => `manifests: ${line.slice(2)}`));
  return outcome('manifests', ran);
}

/** After the others, because it uses both cores. */
async function cluster(folder: string): Promise<Tally> {
  console.log(`[${seconds()}] tests on a real control plane …`);
  const file = join(folder, 'cluster.json');
  const reported = { show: true, variables: { SLUICE_LANE_REPORT: file } };
  const { code } = await run(process.execPath, ['test/cluster/main.ts'], reported);
  const why = code === 0 ? getString(reportIn(file), 'skipped') : undefined;
  if (why === undefined) return counted(file, code);
  skipped.push(`everything in test/cluster, on a real control plane: ${why}`);
  return NOTHING;
}

const reportIn = (file: string): unknown =>
  existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;

/** The counts from the report that vitest wrote. */
function counted(file: string, code: number): Tally {
  const report = reportIn(file);
  skipped.push(...skippedTests(report));
  failed.push(...failedTests(report).map((each) => each.replace(root, '')));
  repeated.push(...repeatedTests(report).map((each) => each.replace(root, '')));
  return tallyReport(report, code === 0);
}

function conformance(): Tally | Promise<Tally> {
  if ((process.env['SLUICE_CONFORMANCE_KIT'] ?? '') !== '')
    return check('conformance with a real API server', process.execPath, ['scripts/conformance.ts']);
  skipped.push('conformance with a real API server (SLUICE_CONFORMANCE_KIT names no folder)');
  return NOTHING;
}

/**
 * The checks that a developer repeats during a change: types, lint and unit tests. Caches make the second run
 * fast.
 */
async function few(folder: string): Promise<Tally> {
  const cache = join(root, 'node_modules/.cache');
  const results = await Promise.all([
    check('types', join(bin, 'tsc'), [
      '--noEmit',
      '--incremental',
      '--tsBuildInfoFile',
      join(cache, 'tsc.json'),
    ]),
    check('lint', join(bin, 'eslint'), [
      '.',
      '--max-warnings',
      '0',
      '--cache',
      '--cache-location',
      join(cache, 'eslint'),
    ]),
    tests(['unit'], folder),
  ]);
  skipped.push('set-up, format, imports and every other test: npm test runs them');
  return results.reduce(add, NOTHING);
}

async function everything(folder: string): Promise<Tally> {
  console.log('set-up and static checks …');
  const checks = await Promise.all([
    check('set-up', process.execPath, ['scripts/setup.ts']),
    check('types', join(bin, 'tsc'), ['--noEmit']),
    check('lint', join(bin, 'eslint'), ['.', '--max-warnings', '0']),
    check('imports', 'npm', ['run', '-s', 'lint:imports']),
    check('format', join(bin, 'prettier'), ['--check', '.']),
  ]);
  let tally = checks.reduce(add, NOTHING);
  const built = building();
  tally = add(tally, await tests(['unit', 'conformance', 'simulation'], folder));
  tally = add(tally, await tests(['e2e'], folder));
  // If that failed, it is tried here again, and the output says so.
  await built;
  tally = add(tally, await manifests());
  tally = add(tally, await cluster(folder));
  return add(tally, await conformance());
}

const fast = process.argv.includes('--fast');
const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
let tally = NOTHING;
try {
  tally = await (fast ? few(folder) : everything(folder));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const each of repeated) console.log(`passed only when run again: ${each}`);
for (const each of failed) console.log(`failed: ${each}`);
for (const each of skipped) console.log(`skipped: ${each}`);
console.log(`[${seconds()}] done, ${skipped.length} skipped`);
console.log(formatTally(tally));
process.exitCode = tally.failed === 0 ? 0 : 1;
