import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The playground's program: .ts beside the sources, .js in a build. */
export function playgroundProgram(self: string): string {
  return fileURLToPath(new URL(`../../playground/main${extname(self)}`, self));
}

/**
 * `sluice demo [flags]`: the playground in a process of its own, so that nothing of it is in ours. Signals are passed on;
 * resolves to its exit code, or 128 + n if signal n ended it.
 */
export function demo(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [playgroundProgram(import.meta.url), 'demo', ...args], {
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
