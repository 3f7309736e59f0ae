/**
 * `npm run bench:start [-- --built]`: what a command costs before it does anything, and how large a
 * controller with one target is: CPU seconds and resident memory, each with its goal. `--built` runs dist/
 * (npm run build) instead of the sources.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { KubeObject } from '../../api/kube.ts';
import { realClock } from '../../playground/apiserver/clock.ts';
import { writeKubeconfig } from '../../playground/apiserver/kubeconfig.ts';
import { listen } from '../../playground/apiserver/listen.ts';
import { createApiServer } from '../../playground/apiserver/server.ts';
import { fakeRuntime, startWorkloads } from '../../playground/workloads/index.ts';

const ROUNDS = 5;
const CPU_GOAL = 0.35;
const MEMORY_GOAL = 110;
/** By then the controller has read everything and is idle. */
const REST_MS = 20_000;

const { values } = parseArgs({ options: { built: { type: 'boolean', default: false } } });
const program = fileURLToPath(
  new URL(values.built ? '../../dist/cli/main.js' : '../../cli/main.ts', import.meta.url),
);

/** The program itself reports this when it ends. */
const USAGE = `data:text/javascript,process.once('exit', () => { const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  process.send({ cpu: (userCPUTime + systemCPUTime) / 1e6, memory: maxRSS / 1024 }); })`;

interface Cost {
  cpu: number;
  memory: number;
}

function cost(args: readonly string[]): Promise<Cost> {
  const child = spawn(process.execPath, ['--import', USAGE, program, ...args], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    let told: Cost | undefined;
    child.once('message', (message) => (told = message as Cost));
    child.once('close', () => (told === undefined ? reject(new Error('it told nothing')) : resolve(told)));
  });
}

const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[numbers.length >> 1] ?? NaN;

async function command(args: readonly string[]): Promise<string> {
  await cost(args); // fills the caches
  const costs: Cost[] = [];
  for (let i = 0; i < ROUNDS; i++) costs.push(await cost(args));
  const cpu = median(costs.map((each) => each.cpu)).toFixed(2);
  const memory = median(costs.map((each) => each.memory)).toFixed(0);
  return `${args[0]?.padEnd(12) ?? ''} ${cpu} s CPU (goal ${CPU_GOAL})   ${memory.padStart(4)} MB at most`;
}

const resident = (pid: number, field: string): string =>
  (
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  ).toFixed(0);

async function controller(kubeconfig: string): Promise<string> {
  const flags = ['--kubeconfig', kubeconfig, '--no-leader-election', '--metrics-port', '0'];
  const child = spawn(process.execPath, [program, 'controller', ...flags], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  await sleep(REST_MS);
  const line = `${'controller'.padEnd(12)} ${resident(pid, 'VmRSS')} MB at rest (goal ${MEMORY_GOAL}), ${resident(pid, 'VmHWM')} MB at most`;
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('close', resolve));
  return line;
}

const target = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default', annotations: { 'sluice.dev/policy': 'default' } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'app', image: 'web:1' }] },
    },
  },
} as unknown as KubeObject;

const api = createApiServer({ clock: realClock });
const workloads = startWorkloads({ store: api.store, clock: realClock, runtime: fakeRuntime(realClock) });
const listening = await listen(api, 0);
const kubeconfig = writeKubeconfig(listening.url, undefined);
try {
  api.store.create('deployments.apps', target);
  const where = ['--kubeconfig', kubeconfig];
  for (const args of [['version'], ['status', ...where], ['wait', 'deployment/other', ...where]])
    process.stdout.write(`${await command(args)}\n`);
  process.stdout.write(`${await controller(kubeconfig)}\n`);
} finally {
  workloads.stop();
  api.close();
  await listening.close();
}
