import { command as defined } from '../command.ts';
import { passThrough } from '../flags.ts';
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { programOf } from '../../lib/place.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * `sluice demo [flags]`: runs the playground in a process of its own, separate from ours. Signals are passed on; resolves
 * to its exit code, or 128 + n if signal n ended it.
 */
export function demo(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [fileURLToPath(programOf('playground')), 'demo', ...args], {
    stdio: 'inherit',
  });
  const passOn = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, passOn);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const each of SIGNALS) process.off(each, passOn);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

export const command = defined({
  help: 'a whole release on this machine, without a cluster',
  takes: passThrough,
  run: (_io, args: string[]) => demo(args),
});
