import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE } from './cache.ts';
import { whyNoGo } from './go.ts';

export interface GoProgram {
  /** the package with its main function */
  path: string;
  version: string;
  /** how it is kept in the cache */
  name: string;
}

const BUILD_MS = 600_000;

/** The program, from the cache or built by Go, which checks its sum; or a sentence why there is none. */
export function ensureGoProgram({ path, version, name }: GoProgram): { path: string } | { missing: string } {
  const home = join(CACHE, `${name}-${version}`);
  const program = join(home, path.split('/').at(-1) ?? '');
  if (existsSync(program)) return { path: program };
  const none = whyNoGo();
  if (none !== undefined) return { missing: none };
  // Two runs may build it at the same time: it appears whole or not at all.
  const work = `${home}.${process.pid}`;
  const install = [`GOBIN=${work}`, 'go', 'install', `${path}@v${version}`];
  const built = spawnSync('env', install, { encoding: 'utf8', timeout: BUILD_MS });
  if (built.status === 0 && !existsSync(home)) renameSync(work, home);
  rmSync(work, { recursive: true, force: true });
  return existsSync(program)
    ? { path: program }
    : { missing: `Go could not build ${name} ${version}: ${built.stderr.trim().split('\n').at(-1) ?? ''}` };
}
