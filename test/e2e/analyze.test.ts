import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-analyze-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const SPEC = 'interval: 1m\nmetrics:\n  - name: errors\n    errorRate: { preset: auto }\n';

const arms = { canary: { total: 600, bad: 6 }, stable: { total: 1000, bad: 10 } };
/** A sample each minute, from the first minute on. */
const samples = (minutes: number): string =>
  Array.from(
    { length: minutes },
    (_, i) => `${JSON.stringify({ t: i * 60, metric: 'errors', ...arms })}\n`,
  ).join('');

describe('sluice analyze', () => {
  const start = (...args: string[]) => spawn(process.execPath, [PROGRAM, 'analyze', ...args]);

  it('looks at each window as soon as it is complete', async () => {
    const child = start('--template', file('t.yaml', SPEC));
    const printed = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    child.stdin.write(samples(1));
    expect(String((await printed.next()).value)).toContain('"result":"inconclusive"');
    child.stdin.end();
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(4);
  });

  it('goes quietly when nobody reads on', async () => {
    const input = file('samples.jsonl', samples(2000));
    const child = start('--template', file('t.yaml', SPEC), '--input', input);
    let complained = '';
    child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await once(child, 'exit');
    expect(complained).toBe('');
  });

  it('needs no more memory for more samples', async () => {
    // Half as much again as the program needs by itself: samples that were kept in memory would fill it.
    const heap = ['--max-old-space-size=44', '--max-semi-space-size=2'];
    const args = ['--template', file('t.yaml', SPEC), '--on-inconclusive', 'wait'];
    const child = spawn(process.execPath, [...heap, PROGRAM, 'analyze', ...args]);
    child.stdout.resume();
    child.stdin.on('error', () => undefined); // the exit code reports the failure
    const ended = once(child, 'exit');
    for (let i = 1; i <= 150_000 && child.exitCode === null && child.signalCode === null; i++) {
      const idle = { total: 0, bad: 0 };
      const line = `${JSON.stringify({ t: i * 60, canary: idle, stable: idle })}\n`;
      if (!child.stdin.write(line))
        await Promise.race([once(child.stdin, 'drain').catch(() => ended), ended]);
    }
    child.stdin.end();
    expect(await ended).toEqual([4, null]);
  });
});
