import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { RESOURCES } from '../../api/resources.ts';
import { realClock } from '../../playground/apiserver/clock.ts';
import { listen } from '../../playground/apiserver/listen.ts';
import { startApi } from '../support/api.ts';
import type { TestApi } from '../support/api.ts';

const MAIN = join(import.meta.dirname, '../../cli/main.ts');

let api: TestApi;
let listening: { url: string; close(): Promise<void> };
let dir: string;

beforeEach(async () => {
  api = await startApi(realClock, 'sluice-system');
  listening = await listen(api.server, 0);
  dir = await mkdtemp(join(tmpdir(), 'sluice-main-'));
});

afterEach(async () => {
  api.server.close();
  await listening.close();
  await rm(dir, { recursive: true });
});

interface Ended {
  code: number | null;
  out: string;
  error: string;
}

/** Runs `sluice controller`; calls `act` while it runs, with a function that sends a signal. */
async function program(
  args: string[],
  act?: (kill: (signal: NodeJS.Signals) => void, printed: () => string) => Promise<void>,
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, 'controller', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let error = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  try {
    await act?.(
      (signal) => child.kill(signal),
      () => out,
    );
    return { code: await ended, out, error };
  } finally {
    child.kill('SIGKILL');
  }
}

async function kubeconfig(server: string): Promise<string> {
  const file = join(dir, 'kubeconfig');
  const context = { cluster: 'c', user: 'u' };
  const config = { clusters: [{ name: 'c', cluster: { server } }], users: [{ name: 'u', user: {} }] };
  await writeFile(
    file,
    JSON.stringify({ ...config, 'current-context': 'x', contexts: [{ name: 'x', context }] }),
  );
  return file;
}

const holder = async (): Promise<unknown> =>
  (
    await api.client.get({
      resource: RESOURCES.leases,
      namespace: 'sluice-system',
      name: 'sluice-controller',
    })
  )?.spec?.['holderIdentity'];

describe('sluice controller', () => {
  it('leads, and on SIGTERM gives its Lease free and ends with 0', async () => {
    const file = await kubeconfig(listening.url);
    const ended = await program(['--kubeconfig', file, '--metrics-port', '0'], async (kill) => {
      await eventually(async () => expect(await holder()).toMatch(/_\d+_[0-9a-f]{8}$/));
      kill('SIGTERM');
    });
    expect(ended.code).toBe(0);
    expect(await holder()).toBe('');
    const messages = ended.out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    // The controller looks for policies and kinds while it leads: how far it gets before the signal is a
    // race.
    const own = messages.filter(
      (message) => !/^(hold|releases): |^kinds that are not installed/.test(message),
    );
    expect(own).toEqual([
      'neither --prometheus nor --source is given: nothing can be measured, and every release will wait for a human',
      ...['starting', 'made the key by which Releases are sealed', 'leading', 'stopping', 'ended'],
    ]);
  });

  it('names a wrong flag with its remedy and ends with 2', async () => {
    const ended = await program(['--concurrency', 'many']);
    expect(ended).toMatchObject({
      code: 2,
      error:
        'sluice controller: --concurrency: many is out of range or no number; give a whole number from 1 to 1000\n',
    });
  });

  it('names a kubeconfig that is not there in one sentence and ends with 2', async () => {
    const ended = await program(['--kubeconfig', '/nowhere/config']);
    expect(ended.code).toBe(2);
    expect(ended.error).toMatch(
      /^sluice controller: kubeconfig \/nowhere\/config cannot be read \(.*\); give the path of one with --kubeconfig\n$/,
    );
    expect(ended.out).toBe('');
  });

  it('does not say that it leads, and says once why not, while no API server answers', async () => {
    const file = await kubeconfig('http://127.0.0.1:9');
    const flags = ['--kubeconfig', file, '--metrics-port', '0', '--log-level', 'debug'];
    const ended = await program(flags, async (kill, printed) => {
      await eventually(() => expect(printed().match(/leader election failed/g)).toHaveLength(2));
      kill('SIGTERM');
    });
    const warnings = ended.out.split('\n').filter((line) => line.includes('"level":40'));
    // The order of these two is a race.
    const messages = warnings.map((line) => (JSON.parse(line) as { msg: string }).msg).sort();
    expect(messages).toEqual([
      'leader election failed to write',
      expect.stringContaining('neither --prometheus nor --source is given'),
      'the policy sluice-releases could not be checked',
      'watch failed',
    ]);
    const unanswered = warnings.find((line) => line.includes('watch failed'));
    expect(unanswered).toContain('no answer from the API server http://127.0.0.1:9 (connect ECONNREFUSED');
    expect(ended.out).not.toContain('leading');
  });
});
