import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getNumber, getObject, getObjects, getString } from '../lib/json.ts';

/**
 * `npm run conformance [-- --only apply,watch …]`: compares the embedded API server with recordings of a real
 * one. The recordings and their checker are not part of the project: SLUICE_CONFORMANCE_KIT names the folder
 * that holds them (check.mjs); without it nothing is compared. Other arguments go to the checker; without
 * --json it prints counts per topic and what differs. Exit code: 0 equal except for what is left out on
 * purpose, 1 different, 2 could not run.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const kit = process.env['SLUICE_CONFORMANCE_KIT'] ?? '';
/** A server that has not answered by then never will. */
const HANG_MS = 600_000;
/** Scenarios that differ on purpose; docs/playground-api.md says why. */
const LEFT_OUT = ['discovery/aggregated-core'];

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + HANG_MS;
  while (child.exitCode === null && Date.now() < deadline) {
    const response = await fetch(`${url}/version`).catch(() => undefined);
    if (response?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the playground's API server did not answer at ${url}`);
}

function check(checker: string, url: string, args: string[]): number {
  const all = args.some((arg) => ['--only', '--scenario', '--workloads'].includes(arg)) ? [] : ['--all'];
  const result = spawnSync(
    process.execPath,
    [
      checker,
      '--server',
      url,
      '--skip',
      'authn',
      '--json',
      ...all,
      ...args.filter((arg) => arg !== '--json'),
    ],
    { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (result.status !== 0 && result.status !== 1) return result.status ?? 2;
  const report: unknown = JSON.parse(result.stdout);
  const failed = getObjects(report, 'failures').map(
    (each) => `${getString(each, 'topic') ?? ''}/${getString(each, 'scenario') ?? ''}`,
  );
  const different = failed.filter((each) => !LEFT_OUT.includes(each));
  if (args.includes('--json')) console.log(result.stdout);
  else {
    printTopics(report);
    for (const each of failed)
      console.log(
        different.includes(each) ? `different: ${each}` : `left out: ${each} (docs/playground-api.md)`,
      );
  }
  return different.length === 0 ? 0 : 1;
}

function printTopics(report: unknown): void {
  let [passed, total] = [0, 0];
  for (const [topic, counts] of Object.entries(getObject(report, 'topics') ?? {})) {
    const [good, all] = [getNumber(counts, 'scenariosPassed') ?? 0, getNumber(counts, 'scenarios') ?? 0];
    console.log(
      `${topic.padEnd(16)} ${good}/${all}  (steps ${getNumber(counts, 'stepsPassed') ?? 0}/${getNumber(counts, 'steps') ?? 0})`,
    );
    passed += good;
    total += all;
  }
  console.log(`${'total'.padEnd(16)} ${passed}/${total}`);
}

async function main(args: string[]): Promise<number> {
  if (kit === '') {
    console.log('skipped: SLUICE_CONFORMANCE_KIT names no folder with recordings of a real API server');
    return 0;
  }
  const checker = join(kit, 'check.mjs');
  if (!existsSync(checker)) {
    console.error(
      `SLUICE_CONFORMANCE_KIT: ${kit} holds no check.mjs; name the folder of the conformance kit`,
    );
    return 2;
  }
  const port = await freePort();
  const server = spawn(process.execPath, [join(root, 'playground/main.ts'), 'api', '--port', String(port)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilReady(url, server);
    return check(checker, url, args);
  } finally {
    server.kill('SIGTERM');
  }
}

process.exitCode = await main(process.argv.slice(2));
