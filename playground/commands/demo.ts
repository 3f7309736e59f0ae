import { Option } from 'commander';
import type { Strategy } from '../../api/kinds/policy/strategy.ts';
import { ensurePrometheus } from '../dataplane/metrics/prometheus-binary.ts';
import { SCENARIOS } from '../demo/catalog.ts';
import type { Scenario, ScenarioName } from '../demo/catalog.ts';
import { headless } from '../demo/headless.ts';
import { faultsOf } from '../demo/play.ts';
import type { Outcome } from '../demo/play.ts';
import { HOLDS, Stage, type Hold } from '../demo/stage.ts';
import type { Reporter } from '../demo/reporter.ts';
import { Show } from '../demo/show.ts';
import { objection, tacticsOf, type Tactics } from '../demo/tactics.ts';
import { PROVIDERS, STRATEGIES, type DemoProvider } from '../demo/worlds.ts';
import { command, oneOf, UsageError, whole, type Program } from './program.ts';

interface Flags {
  scenario: readonly ScenarioName[];
  provider: DemoProvider;
  strategy: Strategy;
  mirror?: boolean;
  sticky?: boolean;
  hold: Hold;
  seed: number;
  rps: number;
  keep?: boolean;
  headless?: boolean;
  json?: boolean;
}

interface Wishes {
  scenarios: Scenario[];
  provider: DemoProvider;
  tactics: Tactics;
  hold: Hold;
  seed: number;
  requestsPerSecond: number;
  keep: boolean;
  headless: boolean;
}

/** Exit code 0 if every scenario ended as expected, 1 if not, 2 for wrong flags. */
async function play(program: Program, flags: Flags): Promise<number> {
  const wishes = wishesOf(flags);
  if (program.platform === 'linux') return await perform(program, wishes);
  program.complain(
    `sluice demo: needs Linux, where each pod gets an address of its own in 127.0.0.0/8, and this is ${program.platform}; run it in a Linux container or virtual machine`,
  );
  return 2;
}

async function perform(program: Program, wishes: Wishes): Promise<number> {
  const show = reporterFor(program, wishes);
  const { provider, tactics, hold, seed, requestsPerSecond } = wishes;
  const died = Promise.withResolvers<never>();
  died.promise.catch(() => undefined);
  const binary = ensurePrometheus((line) => program.complain(line));
  show.opening(tactics);
  const user = { interrupted: false };
  void program.ended.then(() => (user.interrupted = true));
  const stopped = 'Stopped: every process of the demo is ended and its files are removed.';
  const stage = await Stage.start({
    provider,
    tactics,
    hold,
    seed,
    requestsPerSecond,
    prometheus: binary,
    say: (component, line) => show.component(component, line),
    onDeath: (sentence) => died.reject(new Error(sentence)),
    ended: program.ended,
  }).catch((error: unknown) => {
    if (!user.interrupted) throw error;
    program.complain(stopped);
  });
  if (stage === undefined) return 130;
  let failed = true;
  try {
    const work = playAll(stage, wishes, show);
    const gone = program.ended.then(() => undefined);
    const outcomes = await Promise.race([work, gone, died.promise]);
    failed = outcomes?.every((outcome) => faultsOf(outcome).length === 0) === false;
    if (outcomes === undefined) return 130;
    show.ending(outcomes);
    if (wishes.keep) {
      show.keeping(stage);
      await Promise.race([program.ended, died.promise]);
    }
    return failed ? 1 : 0;
  } finally {
    await stage.stop(failed);
    if (user.interrupted && !failed) program.complain(stopped);
    if (failed) program.complain(`Not as it should be; logs are kept in ${stage.directory}`);
  }
}

function reporterFor(program: Program, wishes: Wishes): Reporter {
  if (wishes.headless) return headless((line) => program.print(line));
  const color = program.terminal && program.env['NO_COLOR'] === undefined;
  return new Show({ ...program, color });
}

async function playAll(stage: Stage, wishes: Wishes, show: Reporter): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const scenario of wishes.scenarios) outcomes.push(await show.play(stage, scenario));
  return outcomes;
}

function wishesOf(flags: Flags): Wishes {
  const { provider, hold, seed } = flags;
  return {
    scenarios: flags.scenario.map((name) => SCENARIOS[name]),
    provider,
    tactics: tacticsFor(flags),
    hold,
    seed,
    requestsPerSecond: flags.rps,
    keep: flags.keep === true,
    headless: flags.headless === true || flags.json === true,
  };
}

/** What the provider does not support is refused before anything starts. */
function tacticsFor({ provider, strategy, mirror = false, sticky = false }: Flags): Tactics {
  const tactics = tacticsOf(provider, { strategy, mirror, sticky });
  const why = objection(provider, tactics);
  if (why !== undefined) throw new UsageError(why);
  return tactics;
}

const scenario = oneOf('--scenario', Object.keys(SCENARIOS) as ScenarioName[]);
const strategy = oneOf('--strategy', STRATEGIES);

/** Ignores upper and lower case. */
const strategyOf = (value: string): Strategy =>
  strategy(STRATEGIES.find((each) => each.toLowerCase() === value.toLowerCase()) ?? value);

/** Played unless the user names scenarios. */
const DEFAULT_SCENARIOS: readonly ScenarioName[] = ['healthy', 'regression'];
const scenarios = (value: string, before: readonly ScenarioName[]): ScenarioName[] => [
  ...(before === DEFAULT_SCENARIOS ? [] : before),
  scenario(value),
];

const among = (choices: readonly string[]): string => choices.join(' | ');

export const run = command({
  name: 'sluice demo',
  help: 'Plays releases on a small world on this machine: no cluster needed.',
  takes: (made) =>
    made
      .addOption(
        new Option('--scenario <name>', `${among(Object.keys(SCENARIOS))}; may be repeated`)
          .default(DEFAULT_SCENARIOS, 'healthy, then regression')
          .argParser(scenarios),
      )
      .option('--provider <name>', among(PROVIDERS), oneOf('--provider', PROVIDERS), 'gateway')
      .option('--strategy <name>', among(STRATEGIES), strategyOf, 'canary')
      .option('--mirror', 'copies of all requests first; blueGreen does so wherever the provider can')
      .option('--sticky', 'clients that keep cookies stay on the new version')
      .option('--hold <how>', `${among(HOLDS)}; auto: by admission policies`, oneOf('--hold', HOLDS), 'auto')
      .option('--seed <n>', 'repeats the same faults and arrivals', whole('--seed', [1, 2 ** 31]), 1)
      .option('--rps <n>', 'requests a second', whole('--rps', [1, 2000]), 200)
      .option('--keep', 'goes on serving after the last scenario, until Ctrl-C')
      .option('--headless', 'one JSON object per decision and, last, one with the result')
      .option('--json', 'the same as --headless'),
  run: play,
});
