import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, rmSync } from 'node:fs';
import { dirname, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `npm run build`: dist/ with everything the `sluice` and `kubectl-sluice` bins need. */
const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
const compiled = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: path },
});
if (compiled.status !== 0 || !existsSync(join(dist, 'cli/main.js'))) {
  console.error('build: the compiler failed');
  process.exit(1);
}
cpSync(join(root, 'manifests'), join(dist, 'manifests'), { recursive: true });
chmodSync(join(dist, 'cli/main.js'), 0o755);
console.log('built dist/: try npx sluice version');
