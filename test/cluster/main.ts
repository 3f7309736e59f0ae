import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KUBERNETES, ensureBinaries, routeCrds, type Binaries } from './binaries.ts';
import { whyNoGo } from '../../scripts/lib/go.ts';
import { ensureHelm } from './helm.ts';
import type { LaneSetUp } from './lane.ts';
import { reportOf } from './report.ts';
import { borrowedServer, ownServer } from './server-seen.ts';

/**
 * `npm run test:cluster`: the tests in test/cluster against a real control plane, built here from source, or
 * against any cluster with --kubeconfig. Without Go the exit code is 0 as well, and the output says so.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const USAGE = `usage: npm run test:cluster -- [--kubeconfig FILE] [--kubernetes ${KUBERNETES}] [--build] [FILTER …]
  --kubeconfig   a cluster that is there already (kind, k3s): its current context is used, and changed by the tests
  --kubernetes   the version to build; also SLUICE_KUBERNETES. "1.34" is the newest of these
  --build        builds what the tests need, and runs none
  FILTER         names of test files`;

function flags() {
  try {
    const { values, positionals } = parseArgs({
      options: {
        kubeconfig: { type: 'string' },
        kubernetes: { type: 'string' },
        build: { type: 'boolean' },
        help: { type: 'boolean' },
      },
      allowPositionals: true,
    });
    return { ...values, filters: positionals };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const given = flags();
if (typeof given === 'string' || given.help === true) {
  console.log(typeof given === 'string' ? `${given}\n${USAGE}` : USAGE);
  process.exit(typeof given === 'string' ? 2 : 0);
}
// `npm test` reads the results of the tests from this file
const wanted = process.env['SLUICE_LANE_REPORT'];
const why = whyNoGo();
if (why !== undefined) {
  console.log(`skipped: everything in test/cluster: ${why}`);
  if (wanted !== undefined) writeFileSync(wanted, JSON.stringify({ skipped: why }));
  process.exit(0);
}
const { kubeconfig, filters } = given;
const version = given.kubernetes ?? process.env['SLUICE_KUBERNETES'] ?? KUBERNETES;

function programs(): Binaries {
  const all = { version, say: console.log };
  return ensureBinaries(kubeconfig === undefined ? all : { ...all, programs: ['kubectl'] });
}

async function setUp(): Promise<LaneSetUp> {
  const binaries = programs();
  const crds = routeCrds();
  if (kubeconfig === undefined) return { binaries, crds, server: ownServer(binaries) };
  return { binaries, crds, kubeconfig, server: await borrowedServer(binaries, kubeconfig) };
}

const lane = await setUp();
if (given.build === true) {
  ensureHelm();
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'sluice-lane-'));
const file = wanted ?? join(folder, 'report.json');
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
const child = spawn(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'cluster', ...reporters, ...filters],
  { cwd: root, stdio: 'inherit', env: { ...process.env, SLUICE_LANE: JSON.stringify(lane) } },
);
const [code] = (await once(child, 'exit')) as [number | null];
const report: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
for (const line of reportOf(lane, report)) console.log(line);
rmSync(folder, { recursive: true, force: true });
process.exitCode = code ?? 1;
