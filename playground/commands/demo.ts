import { parseArgs } from 'node:util';
import type { Strategy } from '../../api/kinds/policy/strategy.ts';
import { ensurePrometheus } from '../dataplane/metrics/prometheus-binary.ts';
import { SCENARIOS } from '../demo/catalog.ts';
import type { Scenario, ScenarioName } from '../demo/catalog.ts';
import { headless } from '../demo/headless.ts';
import { PROVIDERS } from '../demo/objects.ts';
import type { DemoProvider } from '../demo/objects.ts';
import { faultsOf } from '../demo/play.ts';
import type { Outcome } from '../demo/play.ts';
import { HOLDS, Stage, type Hold } from '../demo/stage.ts';
import type { Reporter } from '../demo/reporter.ts';
import { Show } from '../demo/show.ts';
import { STRATEGIES, objection, tacticsOf } from '../demo/tactics.ts';
import type { Tactics } from '../demo/tactics.ts';
import type { Program } from './program.ts';

const USAGE = `Usage: sluice demo [flags]

Plays releases on a small world on this machine: no cluster needed.

  --scenario <name>   ${Object.keys(SCENARIOS).join(' | ')}; default: healthy, then regression
  --provider <name>   ${PROVIDERS.join(' | ')} (default gateway)
  --strategy <name>   ${STRATEGIES.join(' | ')} (default canary)
  --mirror            copies of all requests first; blueGreen does so wherever the provider can
  --sticky            clients that keep cookies stay on the new version
  --hold <how>        ${HOLDS.join(' | ')} (default auto: by admission policies)
  --seed <n>          repeats the same faults and arrivals (default 1)
  --rps <n>           requests a second (default 200)
  --keep              goes on serving after the last scenario, until Ctrl-C
  --headless --json   one JSON object per decision and, last, one with the result
`;

const OPTIONS = {
  scenario: { type: 'string', multiple: true },
  provider: { type: 'string', default: 'gateway' },
  strategy: { type: 'string', default: 'canary' },
  mirror: { type: 'boolean', default: false },
  sticky: { type: 'boolean', default: false },
  hold: { type: 'string', default: 'auto' },
  seed: { type: 'string', default: '1' },
  rps: { type: 'string', default: '200' },
  keep: { type: 'boolean', default: false },
  headless: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

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

/** `demo`: exit code 0 if every scenario ended as it should, 1 if not, 2 for wrong flags. */
export async function run(program: Program): Promise<number> {
  let wishes: Wishes | undefined;
  try {
    wishes = read(program.args);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    program.complain(`sluice demo: ${what} (sluice demo --help lists the flags)`);
    return 2;
  }
  if (wishes === undefined) {
    program.print(USAGE);
    return 0;
  }
  if (program.platform !== 'linux') {
    program.complain(
      `sluice demo: needs Linux, where each pod gets an address of its own in 127.0.0.0/8, and this is ${program.platform}; run it in a Linux container or virtual machine`,
    );
    return 2;
  }
  return await perform(program, wishes);
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

/** Throws an Error naming flag, value and remedy; undefined: the user asked for help. */
function read(args: string[]): Wishes | undefined {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.help) return undefined;
  const scenarios = values.scenario ?? ['healthy', 'regression'];
  const provider = oneOf('--provider', values.provider, PROVIDERS) as DemoProvider;
  return {
    scenarios: scenarios.map(
      (name) => SCENARIOS[oneOf('--scenario', name, Object.keys(SCENARIOS)) as ScenarioName],
    ),
    provider,
    tactics: readTactics(provider, values),
    hold: oneOf('--hold', values.hold, HOLDS) as Hold,
    seed: whole('--seed', values.seed, 2 ** 31),
    requestsPerSecond: whole('--rps', values.rps, 2000),
    keep: values.keep,
    headless: values.headless || values.json,
  };
}

/** What the provider cannot do is refused before anything starts. */
function readTactics(
  provider: DemoProvider,
  { strategy, mirror, sticky }: { strategy: string; mirror: boolean; sticky: boolean },
): Tactics {
  const named = STRATEGIES.find((each) => each.toLowerCase() === strategy.toLowerCase()) ?? strategy;
  const known = oneOf('--strategy', named, STRATEGIES) as Strategy;
  const tactics = tacticsOf(provider, { strategy: known, mirror, sticky });
  const why = objection(provider, tactics);
  if (why !== undefined) throw new Error(why);
  return tactics;
}

function oneOf(flag: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value;
  throw new Error(`${flag}: "${value}" is not known; give one of ${allowed.join(', ')}`);
}

function whole(flag: string, value: string, max: number): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= max) return number;
  throw new Error(`${flag}: "${value}" is out of range; give a whole number from 1 to ${max}`);
}
