import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KUBERNETES, cacheFolder, ensureBinaries, routeCrds, whyNoGo } from './binaries.ts';

/**
 * `npm run test:cluster`: the tests in test/cluster against a real control plane, built here from source, or against any
 * cluster with --kubeconfig. Exit code 0 also where there is no Go: that is said aloud.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const USAGE = `usage: npm run test:cluster -- [--kubeconfig FILE] [--kubernetes ${KUBERNETES}] [-- FILTER …]
  --kubeconfig   a cluster that is there already (kind, k3s): its current context is used, and changed by the tests
  --kubernetes   the version to build; also SLUICE_KUBERNETES. "1.34" is the newest of these
  FILTER         names of test files`;

function flags() {
  try {
    const { values, positionals } = parseArgs({
      options: { kubeconfig: { type: 'string' }, kubernetes: { type: 'string' }, help: { type: 'boolean' } },
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
const why = whyNoGo();
if (why !== undefined) {
  console.log(`skipped: everything in test/cluster: ${why}`);
  process.exit(0);
}
const started = Date.now();
const version = given.kubernetes ?? process.env['SLUICE_KUBERNETES'] ?? KUBERNETES;
const binaries = ensureBinaries(version, cacheFolder(process.env), (line) => console.log(line));
const took = ((Date.now() - started) / 1000).toFixed(0);
console.log(
  `Kubernetes ${binaries.version}: kube-apiserver, kube-controller-manager, kubectl, etcd (${took} s)`,
);
const { kubeconfig, filters } = given;
const lane = { binaries, crds: routeCrds(), ...(kubeconfig === undefined ? {} : { kubeconfig }) };
const reporters = process.env['SLUICE_LANE_REPORT'];
const report =
  reporters === undefined ? [] : ['--reporter=default', '--reporter=json', `--outputFile.json=${reporters}`];
const child = spawn(
  process.execPath,
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'cluster', ...report, ...filters],
  { cwd: root, stdio: 'inherit', env: { ...process.env, SLUICE_LANE: JSON.stringify(lane) } },
);
const [code] = (await once(child, 'exit')) as [number | null];
process.exitCode = code ?? 1;
