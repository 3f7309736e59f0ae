import { spawnSync } from 'node:child_process';

const OLDEST_GO = [1, 26] as const;

/** Why nothing can be built here; undefined: Go is installed and new enough. */
export function whyNoGo(): string | undefined {
  const { stdout, status } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  const wanted = `Go ${OLDEST_GO.join('.')} or later`;
  if (status !== 0)
    return `the programs are built from source, which takes ${wanted}, and there is no Go here`;
  const [, major = 0, minor = 0] = (/^go(\d+)\.(\d+)/.exec(stdout) ?? []).map(Number);
  const enough = major > OLDEST_GO[0] || (major === OLDEST_GO[0] && minor >= OLDEST_GO[1]);
  return enough
    ? undefined
    : `the programs are built from source, which takes ${wanted}; here is ${stdout.trim()}`;
}
