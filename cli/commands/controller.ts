/** `sluice controller [flags]`: the flags are the controller's own. */
export async function controller(args: readonly string[]): Promise<number> {
  // Loaded only here: the other commands start without it.
  const { runController } = await import('../../controller/main.ts');
  return runController(args);
}
