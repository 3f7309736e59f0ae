import { command as defined } from '../command.ts';
import { passThrough } from '../flags.ts';

/** `sluice controller [flags]`: the flags are the controller's own. */
export async function controller(args: readonly string[]): Promise<number> {
  // Loaded only here, so that the other commands start without it.
  const { runController } = await import('../../controller/main.ts');
  return runController(args);
}

export const command = defined({
  help: 'run the controller until it is stopped',
  takes: passThrough,
  run: (_io, args: string[]) => controller(args),
});
