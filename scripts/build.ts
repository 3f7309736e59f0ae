import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundle } from './lib/bundle.ts';

/**
 * `npm run build`: dist/ with everything that the `sluice` and `kubectl-sluice` bins need, except manifests/.
 */
const dist = join(bundle.absWorkingDir, bundle.outdir);
rmSync(dist, { recursive: true, force: true });
await build(bundle);
chmodSync(join(dist, 'cli/main.js'), 0o755);
console.log('built dist/: try npx sluice version');
