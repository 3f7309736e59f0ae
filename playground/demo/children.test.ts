import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { Children } from './children.ts';

/** Steps take milliseconds; a busy machine may take longer. */

let directory = '';
let deaths: string[] = [];
let killed: boolean[] = [];
let children = new Children({ directory, onDeath: () => undefined });
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  deaths = [];
  killed = [];
  children = new Children({
    directory,
    onDeath: (sentence, death) => {
      deaths.push(sentence);
      killed.push(death.killed);
    },
  });
});
afterEach(async () => {
  await children.stopAll();
  rmSync(directory, { recursive: true });
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a guarded child', () => {
  it('is known by its own pid and gone after the others were asked to stop', async () => {
    const pid = await children.guarded('sleeper', ['sleep', '60']);
    expect(alive(pid)).toBe(true);
    await children.stopAll();
    expect(alive(pid)).toBe(false);
    expect(deaths).toEqual([]);
  });

  it('is killed on the spot, and can be started again', async () => {
    const first = await children.guarded('sleeper', ['sleep', '60']);
    await children.kill('sleeper');
    expect(alive(first)).toBe(false);
    const second = await children.guarded('sleeper', ['sleep', '60']);
    expect(alive(second)).toBe(true);
    expect(deaths).toEqual([]);
  });

  it('is reported with the end of its log when it dies by itself', async () => {
    await children.guarded('failing', ['sh', '-c', 'echo no such flag >&2; exit 3']);
    await eventually(() =>
      expect(deaths).toEqual([expect.stringMatching(/the failing ended \(exit code 3\).*\nno such flag/)]),
    );
    expect(killed).toEqual([false]);
  });

  it('is reported as killed when somebody else kills it', async () => {
    process.kill(await children.guarded('sleeper', ['sleep', '60']), 'SIGKILL');
    await eventually(() => expect(killed).toEqual([true]));
  });

  it('ends when the process that started it is killed', async () => {
    const script = `
      const { Children } = await import(${JSON.stringify(new URL('children.ts', import.meta.url).href)});
      const children = new Children({ directory: ${JSON.stringify(directory)}, onDeath() {} });
      process.stdout.write(String(await children.guarded('sleeper', ['sleep', '60'])));
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (text: Buffer) => resolve(Number(text))),
    );
    expect(alive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await eventually(() => expect(alive(pid)).toBe(false));
  });
});
