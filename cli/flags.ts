import { Option, type Command } from 'commander';
import { HOME } from '../api/names.ts';
import { UsageError } from './io.ts';

/** Arguments and flags that several commands take. */

export const target = (command: Command): Command => command.argument('<target>', 'deployment/<name>');

export const connection = (command: Command): Command =>
  kubeconfig(command.option('-n, --namespace <name>', "namespace (default: the kubeconfig context's)"));

/** Which cluster: for commands about all of it. */
export const kubeconfig = (command: Command): Command =>
  command
    .option('--kubeconfig <path>', 'kubeconfig file (default: $KUBECONFIG, then ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig');

/** Flag of a command that checks whether a controller is at work. */
export const home = (command: Command): Command =>
  command.option('--controller-namespace <name>', 'where the controller has its Lease', HOME.namespace);

export const output = (command: Command, choices: readonly string[], help = 'for machines'): Command =>
  command.addOption(new Option('-o, --output <format>', help).choices(choices));

/** Parser of an option that may be repeated. */
export const collect = (value: string, list: string[] = []): string[] => [...list, value];

/** Parser of an option that may be given only once: a second value would have to be ignored. */
export const once =
  (flag: string) =>
  (value: string, before?: string): string => {
    if (before === undefined) return value;
    throw new UsageError(`${flag}: is given twice; leave out one`);
  };

/** Flags of a command that judges a template without a cluster. */
export const offline = (command: Command): Command =>
  command
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

/** Settings of a command whose flags, including `--help`, belong to the program behind it. */
export const passThrough = (command: Command): Command =>
  command
    .argument('[flags...]', `see sluice ${command.name()} --help`)
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false);
