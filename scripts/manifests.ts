import { spawnSync } from 'node:child_process';
import { globSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { realClock } from '../playground/apiserver/clock.ts';
import { CACHE } from './lib/cache.ts';
import { objectsIn, problemsOf } from './lib/manifests.ts';

/**
 * `npm run manifests:check`: renders every overlay with kubectl and the chart with Helm, and looks for
 * problems in the result. Says what is skipped because a program is missing: programs come from the path, or
 * from what `npm run test:cluster` has built.
 */
const MANIFESTS = fileURLToPath(new URL('../manifests', import.meta.url));
const CHART = join(MANIFESTS, 'chart');
const MUTATING = 'MutatingAdmissionPolicy';

interface Rendering {
  name: string;
  program: 'kubectl' | 'helm';
  args: readonly string[];
}

const overlay = (folder: string): Rendering => {
  return { name: folder, program: 'kubectl', args: ['kustomize', join(MANIFESTS, folder)] };
};
const chart = (name: string, ...args: string[]): Rendering => ({
  name: `chart, ${name}`,
  program: 'helm',
  args: ['template', 'sluice', CHART, '--namespace', 'sluice-system', ...args],
});
const served = (version: string): string =>
  `--api-versions=admissionregistration.k8s.io/${version}/${MUTATING}`;

const RENDERINGS: readonly Rendering[] = [
  ...readdirSync(join(MANIFESTS, 'deploy/overlays')).map((name) => overlay(`deploy/overlays/${name}`)),
  overlay('deploy/namespace'),
  overlay('admission'),
  { name: 'chart, lint', program: 'helm', args: ['lint', '--strict', CHART] },
  chart('hold by pause'),
  chart('hold by admission', served('v1')),
  chart('hold by admission, v1beta1', served('v1beta1')),
  chart('some namespaces', '--set=targets.namespaces={shop,pay}', '--set=targets.proxiesIn={shop}'),
  chart('ServiceMonitor', '--set=metrics.monitor=ServiceMonitor'),
  chart('PodMonitor', '--set=metrics.monitor=PodMonitor'),
];

function find(program: Rendering['program']): string | undefined {
  if (spawnSync(program, ['version', '--client'], { stdio: 'ignore' }).error === undefined) return program;
  return globSync(join(CACHE, '*', program))
    .sort()
    .at(-1);
}

const programs = { kubectl: find('kubectl'), helm: find('helm') };
let failed = 0;

async function check({ name, program, args }: Rendering): Promise<void> {
  const path = programs[program];
  if (path === undefined) return console.log(`- ${name}: skipped, there is no ${program} here`);
  const { status, stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' });
  const rendered = status === 0 && args[0] !== 'lint';
  const objects = rendered ? objectsIn(stdout) : [];
  const problems = status === 0 ? await problemsOf(objects, realClock) : [`${stderr}${stdout}`.trim()];
  const [first] = problems;
  console.log(`${first === undefined ? '✓' : '✗'} ${name}${rendered ? `: ${objects.length} objects` : ''}`);
  for (const problem of problems) console.log(`    ${problem}`);
  failed += first === undefined ? 0 : 1;
}

for (const each of RENDERINGS) await check(each);
process.exitCode = failed === 0 ? 0 : 1;
