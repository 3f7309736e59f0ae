import { execFileSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from '../../scripts/lib/cache.ts';
import { whyNoGo } from '../../scripts/lib/go.ts';

const VERSION = '4.3.1';

/** Why Helm cannot be built here, for the name of a skipped test; undefined: it can. */
export const NO_HELM = whyNoGo();

/**
 * The program, built from its module unless the lane's cache has it: some minutes on two cores.
 *
 * @throws Error if Go cannot build it
 */
export function ensureHelm(): string {
  const home = join(CACHE, `helm-${VERSION}`);
  const program = join(home, 'helm');
  if (existsSync(program)) return program;
  const work = `${home}.${process.pid}`;
  try {
    const install = ['go', 'install', `helm.sh/helm/v4/cmd/helm@v${VERSION}`];
    execFileSync('env', [`GOBIN=${work}`, ...install], { stdio: ['ignore', 'inherit', 'inherit'] });
    rmSync(home, { recursive: true, force: true });
    renameSync(work, home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return program;
}
