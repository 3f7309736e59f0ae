import type { CliCommand } from '../command.ts';

/**
 * Every command, in the order of the help: a file and its line here. A command is loaded only when it is needed:
 * statistics, PromQL and the Kubernetes library take time to load.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<CliCommand>>> = {
  controller: async () => (await import('./controller.ts')).command,
  demo: async () => (await import('./demo.ts')).command,
  wait: async () => (await import('./wait.ts')).command,
  promote: async () => (await import('./order.ts')).promote,
  abort: async () => (await import('./order.ts')).abort,
  pause: async () => (await import('./order.ts')).pause,
  resume: async () => (await import('./order.ts')).resume,
  retry: async () => (await import('./order.ts')).retry,
  revert: async () => (await import('./order.ts')).revert,
  restart: async () => (await import('./restart.ts')).command,
  history: async () => (await import('./history.ts')).command,
  status: async () => (await import('./status.ts')).command,
  explain: async () => (await import('./explain.ts')).command,
  check: async () => (await import('./check.ts')).command,
  analyze: async () => (await import('./analyze.ts')).command,
  backtest: async () => (await import('./backtest.ts')).command,
  install: async () => (await import('./install.ts')).command,
  uninstall: async () => (await import('./uninstall.ts')).command,
  doctor: async () => (await import('./doctor.ts')).command,
  version: async () => (await import('./version.ts')).command,
};

/** The commands that this command line needs: the one it names; or all, for help and to suggest a name for a mistyped one. */
export async function commandsFor(args: readonly string[]): Promise<[string, CliCommand][]> {
  const [first = ''] = args;
  const named = Object.entries(COMMANDS).filter(([name]) => name === first);
  const wanted = named.length === 0 ? Object.entries(COMMANDS) : named;
  return Promise.all(wanted.map(async ([name, load]): Promise<[string, CliCommand]> => [name, await load()]));
}
