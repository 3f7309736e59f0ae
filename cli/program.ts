import { Command, Option } from 'commander';
import { CLUSTER_DOMAIN, HOME } from '../api/names.ts';
import type { AnalyzeFlags } from './commands/analyze.ts';
import type { BacktestFlags } from './commands/backtest.ts';
import type { CheckFlags } from './commands/check.ts';
import type { ExplainFlags } from './commands/explain.ts';
import type { HistoryFlags } from './commands/history.ts';
import type { OrderFlags } from './commands/order.ts';
import type { StatusFlags } from './commands/status.ts';
import { readVersion, version } from './commands/version.ts';
import type { WaitFlags } from './commands/wait.ts';
import { PRESETS } from '../providers/index.ts';
import type { Io } from './io.ts';

/** Commands are loaded when they are asked for: statistics, PromQL and the Kubernetes library take their time. */
const load = {
  analyze: () => import('./commands/analyze.ts'),
  backtest: () => import('./commands/backtest.ts'),
  check: () => import('./commands/check.ts'),
  controller: () => import('./commands/controller.ts'),
  demo: () => import('./commands/demo.ts'),
  explain: () => import('./commands/explain.ts'),
  history: () => import('./commands/history.ts'),
  order: () => import('./commands/order.ts'),
  restart: () => import('./commands/restart.ts'),
  status: () => import('./commands/status.ts'),
  wait: () => import('./commands/wait.ts'),
};

const EXIT_CODES = `
Exit codes:
  0 promoted                 5 superseded by a newer template
  1 rolled back or aborted   6 blocked
  2 wrong usage, no access   7 escaped: rolled out unproven
  3 timed out                8 the Deployment is gone
  4 waits for a human
`;

const ANALYZE_EXIT_CODES = `
Exit codes:
  0 promote
  1 roll back
  2 wrong usage, or a line that cannot be used
  4 inconclusive: more samples or a human have to decide
`;

/** The command line. Each action leaves its exit code with `done`. */
export function buildProgram(io: Io, done: (exitCode: number) => void): Command {
  const program = new Command('sluice')
    .description('Progressive delivery for plain Kubernetes Deployments.')
    .version(readVersion(), '-V, --version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.text(text.trimEnd()),
      writeErr: (text) => {
        for (const line of text.trimEnd().split('\n')) io.err(line);
      },
    })
    .showHelpAfterError('(sluice --help lists the commands and their options)');
  // Help for what does not exist is no help: a script that asks whether a command is there would take 0 for a yes.
  program.on('beforeHelp', () => {
    const [name] = program.args;
    const known = name === undefined || name.startsWith('-') || name === 'help';
    if (!known) program.error(`error: unknown command '${name}'`);
  });

  passThrough(program, 'controller', 'run the controller until it is stopped').action(
    async (args: string[]) => done(await (await load.controller()).controller(args)),
  );
  passThrough(program, 'demo', 'a whole release on this machine, without a cluster').action(
    async (args: string[]) => done(await (await load.demo()).demo(args)),
  );

  atHome(connected(program.command('wait')))
    .description('follow the release of the present template until its fate is known')
    .argument('<target>', 'deployment/<name>')
    .option('--timeout <duration>', 'give up after this long, like 10m (default: never)')
    .option('--through-pauses', 'go on waiting while the release waits for a human')
    .addOption(new Option('-o, --output <format>', 'one object per change').choices(['json']))
    .addHelpText('after', EXIT_CODES)
    .action(async (target: string, flags: WaitFlags) =>
      done(await (await load.wait()).wait(io, target, flags)),
    );
  addOrders(program, io, done);
  addHistory(program, io, done);
  atHome(connected(program.command('status')))
    .description('the newest release of each target, or of one')
    .argument('[target]', 'deployment/<name>')
    .option('-A, --all-namespaces', 'of all namespaces')
    .addOption(new Option('-o, --output <format>', 'for machines').choices(['json', 'yaml']))
    .action(async (target: string | undefined, flags: StatusFlags) =>
      done(await (await load.status()).status(io, target, flags)),
    );
  addExplain(program, io, done);
  addCheck(program, io, done);
  addOffline(program, io, done);
  program
    .command('version')
    .description('print the version')
    .addOption(new Option('-o, --output <format>', 'for machines').choices(['json']))
    .action((flags: { output?: string }) => done(version(io, flags)));
  return program;
}

function addExplain(program: Command, io: Io, done: (exitCode: number) => void): void {
  connected(program.command('explain'))
    .description('tell the story of a release: what changed, what was measured and decided, what to do next')
    .argument('<target>', 'deployment/<name>')
    .option('--release <name>', 'this release instead of the newest')
    .option('--queries', 'print what Prometheus was asked, too')
    .option('--show-values', 'print values of environment, arguments and annotations that changed too')
    .addOption(new Option('-o, --output <format>', 'for machines').choices(['json', 'yaml']))
    .action(async (target: string, flags: ExplainFlags) =>
      done(await (await load.explain()).explain(io, target, flags)),
    );
}

function addCheck(program: Command, io: Io, done: (exitCode: number) => void): void {
  const collect = (value: string, list: string[] = []) => [...list, value];
  connected(program.command('check'))
    .description('could a release begin now, and how would it go? 0: it could, 6: it would be blocked')
    .argument('<target>', 'deployment/<name>')
    .option('-f, --filename <file>', 'look at these manifests instead of a cluster; may be repeated', collect)
    .option('--prometheus <[name=]url>', 'ask the queries of stable as well; may be repeated', collect)
    .option(
      '--source <source/name=url>',
      'the same of another source (http/name=url); may be repeated',
      collect,
    )
    .option('--as <user>', 'with the rights of this user, like system:serviceaccount:sluice-system:sluice')
    .option('--controller-namespace <name>', 'home of shared policies and templates', HOME.namespace)
    .option('--cluster-domain <domain>', 'what full names of Services end in', CLUSTER_DOMAIN)
    .addOption(new Option('-o, --output <format>', 'for machines').choices(['json']))
    .action(async (target: string, flags: CheckFlags) =>
      done(await (await load.check()).check(io, target, flags)),
    );
}

const ORDER_EXIT_CODES = `
Exit codes:
  0 the order was given; "sluice wait" tells what becomes of it
  1 there is nothing it could be about, and nothing was changed
  2 wrong usage, no access
`;

/** What a human may tell a release, or the pods of a target. */
function addOrders(program: Command, io: Io, done: (exitCode: number) => void): void {
  const add = (name: string, description: string): Command =>
    connected(program.command(name))
      .description(description)
      .argument('<target>', 'deployment/<name>')
      .addOption(new Option('-o, --output <format>', 'for machines').choices(['json']))
      .addHelpText('after', ORDER_EXIT_CODES);
  add('promote', 'promote the release under way without further analysis')
    .option('--step', 'only go on from the present pause')
    .action(async (target: string, { step, ...flags }: OrderFlags & { step?: true }) =>
      done(await (await load.order()).order(io, step === true ? 'promoteStep' : 'promote', target, flags)),
    );
  const orders = {
    abort: 'withdraw the release under way; the stable version takes all traffic',
    pause: 'keep the release at its present weight; analysis goes on',
    resume:
      'go on from whatever waits for a human: a pause, a step without a conclusion, what has been mended',
    retry: 'try the template again that failed, or was aborted: from the first step, with analysis',
    revert: 'put the stable template back into the Deployment, in mid-release or after it ended',
  } as const;
  for (const [what, description] of Object.entries(orders) as [keyof typeof orders, string][]) {
    add(what, description).action(async (target: string, flags: OrderFlags) =>
      done(await (await load.order()).order(io, what, target, flags)),
    );
  }
  add(
    'restart',
    'restart the stable pods, as kubectl rollout restart, which refuses a held Deployment',
  ).action(async (target: string, flags: OrderFlags) =>
    done(await (await load.restart()).restart(io, target, flags)),
  );
}

function addHistory(program: Command, io: Io, done: (exitCode: number) => void): void {
  connected(program.command('history'))
    .description('all recorded releases of a target, newest first')
    .argument('<target>', 'deployment/<name>')
    .addOption(new Option('-o, --output <format>', 'for machines').choices(['json', 'yaml']))
    .action(async (target: string, flags: HistoryFlags) =>
      done(await (await load.history()).history(io, target, flags)),
    );
}

/** A command whose arguments, `--help` included, belong to the program behind it. */
function passThrough(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('[flags...]', `see sluice ${name} --help`)
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false);
}

/** The commands that judge without a cluster. */
function addOffline(program: Command, io: Io, done: (exitCode: number) => void): void {
  offline(program.command('analyze'))
    .description('judge samples of a file or of standard input as the controller would, without a cluster')
    .option('--input <file>', 'one JSON sample per line (default: standard input)')
    .option('--steps <weights>', 'percent of each step, like 5,25,50 (default: one step)')
    .addOption(
      new Option('-o, --output <format>', 'default: text on a terminal, else json').choices(['json', 'text']),
    )
    .addHelpText('after', ANALYZE_EXIT_CODES)
    .action(async (flags: AnalyzeFlags) =>
      done(
        await (
          await load.analyze()
        ).analyze(io, flags, { stdin: process.stdin, terminal: process.stdout.isTTY }),
      ),
    );
  offline(program.command('backtest'))
    .description('play releases over what Prometheus remembers: false alarms, power and time to detect')
    .requiredOption('--prometheus <url>', 'base URL, like http://prometheus.monitoring:9090')
    .requiredOption('--target <namespace/name>', 'the Deployment')
    .option('--from <time>', 'begin of the history: RFC 3339, or how long ago', '24h')
    .option('--to <time>', 'its end', '1m')
    .addOption(
      new Option('--provider <name>', 'whose presets count').choices(PRESETS.map(({ name }) => name)),
    )
    .option('--service <name>', 'the stable Service (default: the name of the target)')
    .option('--route <name>', 'only this route or Ingress (default: all)')
    .option('--cluster-domain <domain>', 'what full names of Services end in', CLUSTER_DOMAIN)
    .option('--steps <weights>', 'percent of each step (default: 5,25,50)')
    .option('--runs <n>', 'releases played for each regression', '200')
    .option('--seed <n>', 'the same seed plays the same releases', '1')
    .option('--plot <file>', 'draw an SVG as well')
    .addOption(new Option('-o, --output <format>', 'default: text').choices(['json', 'text']))
    .action(async (flags: BacktestFlags) => done(await (await load.backtest()).backtest(io, flags)));
}

/** A command that judges a template without a cluster. */
function offline(command: Command): Command {
  const collect = (value: string, list: string[] = []) => [...list, value];
  return command
    .requiredOption('--template <file>', 'YAML of an AnalysisTemplate, or of its spec alone')
    .option('--name <name>', 'of several templates in the file this one (default: the first)')
    .option('--args <name=value>', 'an argument of the template; may be repeated', collect)
    .option('--policy <file>', 'YAML of a ReleasePolicy: its steps, durations, pauses and onInconclusive')
    .option('--min-duration <duration>', 'a step lasts at least this long (default: 2m)')
    .option('--max-duration <duration>', 'after this long a step is inconclusive (default: 30m)')
    .addOption(
      new Option('--on-inconclusive <what>', 'what then happens (default: extend)').choices([
        'extend',
        'wait',
        'promote',
        'rollback',
      ]),
    );
}

function connected(command: Command): Command {
  return command
    .option('-n, --namespace <name>', "namespace (default: the kubeconfig context's)")
    .option('--kubeconfig <path>', 'kubeconfig file (default: $KUBECONFIG, then ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig');
}

/** A command that looks whether a controller is at work. */
function atHome(command: Command): Command {
  return command.option(
    '--controller-namespace <name>',
    'where the controller has its Lease',
    HOME.namespace,
  );
}
