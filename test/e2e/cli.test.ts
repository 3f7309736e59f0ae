import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

let folder: string;
let server: Server;

/** An API server that never answers. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function kubeconfig(): string {
  const path = join(folder, 'config');
  const { port } = server.address() as AddressInfo;
  const config = {
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    users: [{ name: 'u', user: {} }],
    'current-context': 'c',
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** To the program this looks like a bug. */
const BUG = `process.once('SIGUSR2', () => { throw new Error('nobody foresaw this'); })`;

/** Prints the names of the loaded packages at the end. */
const LOADED = `import { registerHooks } from 'node:module';
  const seen = new Set();
  registerHooks({ load: (url, context, next) => (seen.add(url), next(url, context)) });
  process.once('exit', () => process.stderr.write([...seen].join(' ')));`;

it('starts without what only other commands need', async () => {
  const hook = `data:text/javascript,${encodeURIComponent(LOADED)}`;
  const child = spawn(process.execPath, ['--import', hook, PROGRAM, 'version']);
  let loaded = '';
  child.stderr.on('data', (chunk: Buffer) => (loaded += chunk.toString()));
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  expect(loaded).toContain('cli/program.ts');
  expect(loaded).not.toMatch(/mathjs|client-node|lezer|axios|pino|playground/);
});

it('does not end like a rollback when something nobody foresaw happens', async () => {
  const args = [
    '--import',
    `data:text/javascript,${BUG}`,
    PROGRAM,
    'wait',
    'x',
    '--kubeconfig',
    kubeconfig(),
  ];
  const child = spawn(process.execPath, args);
  let complained = '';
  child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  await Promise.race([ended, new Promise((resolve) => server.once('request', resolve))]);
  child.kill('SIGUSR2');
  expect(await ended).toBe(2);
  expect(complained).toContain('sluice: unexpected error: Error: nobody foresaw this');
});
