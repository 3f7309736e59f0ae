import { COUNTING, kindOfMetric } from '../../analysis/judge/kinds.ts';
import { Option } from 'commander';
import { command as defined } from '../command.ts';
import { offline, once, output } from '../flags.ts';
import { parseEndpoints } from '../../controller/config-endpoints.ts';
import { CLUSTER_DOMAIN } from '../../api/names.ts';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createPrometheusClient } from '../../analysis/measure/prometheus/client.ts';
import { medianOf } from '../../analysis/replay/summary.ts';
import { metricsOf } from '../../api/bound.ts';
import { getString } from '../../lib/json.ts';
import { promDuration } from '../../api/query.ts';
import { formatIssue } from '../../lib/result.ts';
import { withoutPassword } from '../../lib/url.ts';
import { endpointOf } from '../../api/kinds/template/source.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { escapeJson } from '../../lib/text.ts';
import { withPresets } from '../../release/facts/resolve.ts';
import { PRESETS } from '../../providers/index.ts';
import { planFor, readRules, type PlanFlags } from '../analyze/plan.ts';
import type { TemplateFlags } from '../analyze/template.ts';
import { readRange, readTarget, readWhole } from '../backtest/flags.ts';
import { plot } from '../backtest/plot.ts';
import { variablesFor } from '../backtest/range.ts';
import { record, type Recorded } from '../backtest/record.ts';
import { replayedSteps } from '../backtest/steps.ts';
import { jsonReport, textReport } from '../backtest/report.ts';
import type { BacktestResult } from '../backtest/result.ts';
import { replay, schedule, trafficOf } from '../backtest/scenarios.ts';
import { EXIT, UsageError, type Io } from '../io.ts';

export interface BacktestFlags extends TemplateFlags, PlanFlags {
  prometheus: string;
  /** "namespace/name" */
  target: string;
  from: string;
  to: string;
  provider?: string;
  service?: string;
  route?: string;
  clusterDomain?: string;
  runs: string;
  seed: string;
  output?: 'json' | 'text';
  /** a file to draw an SVG into */
  plot?: string;
}

const STEPS = '5,25,50';

/** `sluice backtest`: plays releases over what Prometheus remembers of a service. Resolves to the exit code. */
export async function backtest(io: Io, flags: BacktestFlags): Promise<number> {
  const rules = readRules(flags, STEPS);
  const loaded = withQueries(onlyPrometheus(rules.template), flags.provider);
  const { template: bound, caveats: unseen } = replayable(loaded);
  const { plan, caveats: skipped } = replayedSteps(planFor(rules, bound));
  const caveats = [...rules.notes.map((note) => `${note}.`), ...skipped, ...unseen];
  const target = readTarget(flags.target);
  const runs = readWhole('--runs', flags.runs, { min: 1, max: 100_000 });
  const seed = readWhole('--seed', flags.seed, { min: 0, max: 2 ** 32 - 1 });
  const range = readRange(flags, io.clock.now());
  if (flags.plot !== undefined) checkPlot(flags.plot);
  const { recording, notes } = await recordFrom(io, flags, { bound, target, range });
  if (interrupted(io)) return EXIT.interrupted;
  const when = schedule(recording, runs, seed);
  const progress = tell(io, `playing ${runs} releases for each regression`);
  const scenarios = await replay({ recording, plan, schedule: when, stop: io.stop, progress });
  if (interrupted(io)) return EXIT.interrupted;
  const result: BacktestResult = {
    target: flags.target,
    template: loaded.use.template,
    fromMs: recording.startMs,
    toMs: recording.startMs + recording.length * recording.tickMs,
    seed,
    steps: plan.steps.flatMap(({ weight }) => weight ?? []),
    risk: bound.template.risk,
    traffic: trafficOf(recording),
    pods: medianOf(scenarios.flatMap(({ outcomes }) => outcomes.map(({ pods }) => pods))),
    independent: when.independent,
    scenarios,
    caveats,
    notes,
  };
  if (flags.output === 'json') io.text(escapeJson(jsonReport(result)));
  else for (const line of textReport(result, io.paint)) io.out(line);
  if (flags.plot !== undefined) writePlot(flags.plot, plot(result));
  return EXIT.promoted;
}

const interrupted = ({ stop }: Io): boolean => stop.aborted;

function withQueries(bound: BoundTemplate, provider: string | undefined): BoundTemplate {
  const presets = PRESETS.find(({ name }) => name === provider);
  const resolved = withPresets([bound], presets ?? { sentence: 'nothing says what counted' });
  const [first] = resolved.ok ? resolved.value : [];
  if (first !== undefined) return first;
  const issues = resolved.ok ? [] : resolved.issues;
  throw new UsageError(`${issues.map(formatIssue).join('\nsluice: ')}; --provider names what counted`);
}

/** The part of a template that the past of the stable arm can replay. */
function replayable(bound: BoundTemplate): { template: BoundTemplate; caveats: string[] } {
  const { metrics } = bound.template;
  if (!metrics.some(({ type }) => COUNTING.includes(type))) {
    throw new UsageError(
      `--template: no metric of it can be replayed; give one with ${COUNTING.join(' or ')}`,
    );
  }
  const caveats = metrics.flatMap((metric) => {
    const { name, type } = metric;
    if (!kindOfMetric(metric).replays)
      return `Metric ${name} (${type}) is not replayed: it is left out of every verdict here.`;
    if (COUNTING.includes(type)) return [];
    return `Metric ${name} (${type}) sees stable’s values in both arms, so it shows false alarms, but nothing that is planted.`;
  });
  const kept = metrics.filter((metric) => kindOfMetric(metric).replays);
  const template = { ...bound.template, metrics: kept };
  // nothing is left to score
  delete template.scoring;
  return { template: { ...bound, template }, caveats };
}

interface Asked {
  bound: BoundTemplate;
  target: { namespace: string; name: string };
  range: { startMs: number; endMs: number };
}

/** Refuses other sources: they have no history. */
function onlyPrometheus(bound: BoundTemplate): BoundTemplate {
  const source = endpointOf(bound.template);
  if (source.startsWith('prometheus/')) return bound;
  throw new UsageError(
    `--template: its numbers come from ${source}, and only Prometheus remembers what was; give a template with PromQL`,
  );
}

async function recordFrom(io: Io, flags: BacktestFlags, { bound, target, range }: Asked): Promise<Recorded> {
  const url = prometheusAt(flags.prometheus);
  const variables = variablesFor({
    namespace: target.namespace,
    target: target.name,
    service: flags.service ?? target.name,
    route: flags.route,
    clusterDomain: flags.clusterDomain ?? CLUSTER_DOMAIN,
  });
  const client = createPrometheusClient({ url, timeoutMs: 60_000, maxBytes: 256 * 1024 * 1024 });
  try {
    return await record({
      client,
      url,
      range,
      tickMs: bound.template.intervalMs,
      metrics: metricsOf([bound]),
      variables: { ...variables, ...argumentsOf(bound), interval: promDuration(bound.template.intervalMs) },
      stop: io.stop,
      progress: tell(io, `reading ${withoutPassword(url)}`),
    });
  } finally {
    client.close();
  }
}

/** The URL, read as the controller reads it. */
function prometheusAt(text: string): string {
  const parsed = parseEndpoints({ prometheus: [text], source: [] });
  if (!parsed.ok) throw new UsageError(parsed.issues.map(formatIssue).join('\nsluice: '));
  return [...parsed.value.endpoints.values()][0] ?? text;
}

function argumentsOf({ template, use }: BoundTemplate): Record<string, string> {
  const values = template.args.map(({ name, value }) => {
    const given = getString(use.args, name) ?? value;
    if (given !== undefined) return [`args.${name}`, given] as const;
    throw new UsageError(`--args: "${name}" has no value; give ${name}=value`);
  });
  return Object.fromEntries(values);
}

/** Reports progress: a line for every tenth. */
function tell(io: Io, what: string): (share: number) => void {
  let told = 0;
  return (share) => {
    const tenth = Math.floor(share * 10 + 1e-9);
    if (tenth <= told) return;
    told = tenth;
    io.err(`${what}: ${tenth * 10}%`);
  };
}

/** Checked before minutes of reading and playing: is there a folder to write the plot to? */
function checkPlot(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (cause) {
    throw plotError(file, cause);
  }
}

function writePlot(file: string, svg: string): void {
  try {
    writeFileSync(file, svg);
  } catch (cause) {
    throw plotError(file, cause);
  }
}

function plotError(file: string, cause: unknown): UsageError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'failed';
  return new UsageError(`--plot: "${file}" cannot be written (${code}); give the path of a file`, { cause });
}

export const command = defined({
  help: 'play releases over what Prometheus remembers: false alarms, power and time to detect',
  takes: (made) =>
    output(
      offline(made)
        .requiredOption(
          '--prometheus <url>',
          'base URL, like http://prometheus.monitoring:9090',
          once('--prometheus'),
        )
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
        .option('--plot <file>', 'draw an SVG as well'),
      ['json', 'text'],
      'default: text',
    ),
  run: backtest,
});
