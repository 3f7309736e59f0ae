import type { Command, Program } from './commands/program.ts';

/** Subcommands, loaded only when needed. */
const COMMANDS: Record<string, () => Promise<{ run: Command }>> = {
  api: () => import('./commands/api.ts'),
  cluster: () => import('./commands/cluster.ts'),
  demo: () => import('./commands/demo.ts'),
  gateway: () => import('./commands/gateway.ts'),
  'pod-host': () => import('./commands/pod-host.ts'),
};

const [name = '', ...args] = process.argv.slice(2);
const load = COMMANDS[name];
if (load === undefined) {
  console.error(`playground: no subcommand "${name}"; give one of ${Object.keys(COMMANDS).join(', ')}`);
  process.exit(2);
}

const program: Program = {
  args,
  env: process.env,
  platform: process.platform,
  print: (line) => console.log(line),
  complain: (line) => console.error(line),
  write: (text) => process.stdout.write(text),
  terminal: process.stdout.isTTY,
  columns: () => process.stdout.columns || Infinity,
  ended: new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
    // this process does not outlive its parent, however the parent ended
    if (process.connected) process.on('disconnect', () => resolve());
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) resolve();
    }, 500).unref();
  }),
  tell: (message) => process.send?.(message),
};

try {
  const { run } = await load();
  process.exit(await run(program));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
