import type { BadOutcome, Counts, Measurement, Window } from '../../api/analysis.ts';
import type { Arm } from '../../api/query.ts';
import { literalRegex, renderQuery } from '../../api/query.ts';
import type { ErrorRateMetric } from '../../api/template.ts';
import type { Series } from './answer.ts';
import { firstSeen, hasSampleInside, increase, risesAfterFall, sourceOf, unproven } from './deltas.ts';
import type { Job } from './job.ts';
import { stableHistory } from './history.ts';
import { bad, failed } from './job.ts';
import { complete, podNames, podOf } from './pods.ts';
import type { Failure, PrometheusClient } from './prometheus.ts';
import { isSelector, overRange } from './selector.ts';

const ARMS = ['canary', 'stable'] as const;
const PARTS = ['bad', 'total'] as const;
type Part = (typeof PARTS)[number];

interface Asked {
  arm: Arm;
  part: Part;
  raw: boolean;
  series: Series[];
}

/** Counts of bad and of all requests in both arms over the same window. */
export async function measureErrorRate(
  job: Job,
  metric: ErrorRateMetric,
  client: PrometheusClient,
): Promise<Measurement> {
  const { queries } = metric;
  if (queries === undefined)
    return bad(job, 'badQuery', 'the metric has neither queries nor a resolved preset');
  const wanted = ARMS.flatMap((arm) => PARTS.map((part) => ({ arm, part, text: queries[arm][part] })));
  const answers = await Promise.all(wanted.map((query) => askCounter(job, query, client)));
  for (const answer of answers) if ('failure' in answer) return answer.failure;
  const asked = answers.filter((answer) => 'series' in answer);
  for (const arm of ARMS) {
    const gap = missingTotal(asked, arm, job.window);
    if (gap !== undefined) return bad(job, 'noData', gap);
  }
  const doubt = asked.map((query) => fallenSum(query, job.window)).find((sentence) => sentence !== undefined);
  if (doubt !== undefined) return bad(job, 'noData', doubt);
  const all = asked.flatMap(({ series }) => series);
  const seen = await sightings(all, job.window, client);
  if ('ok' in seen) return failed(job, seen);
  const options = { window: job.window, seen };
  const canary = countArm(asked, 'canary', options);
  const stable = countArm(asked, 'stable', options);
  const problem = impossible('canary', canary) ?? impossible('stable', stable);
  if (problem !== undefined) return bad(job, problem.outcome, problem.sentence);
  const pods = countPods(job, asked, options);
  const history = job.calibrate
    ? await stableHistory(job, queries.stable, { client, byPod: pods !== undefined })
    : undefined;
  return {
    metric: job.key,
    window: job.window,
    outcome: 'ok',
    kind: 'errorRate',
    canary: clamp(canary),
    stable: clamp(stable),
    ...(pods === undefined ? {} : { pods }),
    ...(history === undefined ? {} : { history }),
  };
}

async function askCounter(
  job: Job,
  { arm, part, text }: { arm: Arm; part: Part; text: string },
  client: PrometheusClient,
): Promise<Asked | { failure: Measurement }> {
  const rendered = renderQuery(text, job.variables[arm]);
  const what = `${arm} ${part}`;
  if (!rendered.ok) {
    const outcome = rendered.problem === 'empty' ? 'noData' : 'badQuery';
    return { failure: bad(job, outcome, `${what}: ${rendered.sentence}`) };
  }
  const raw = isSelector(rendered.query);
  const answer = await client.instant(overRange(rendered.query, job.window), job.window.endMs);
  if (!answer.ok) return { failure: failed(job, answer, what) };
  return { arm, part, raw, series: answer.series };
}

function missingTotal(asked: readonly Asked[], arm: Arm, window: Window): string | undefined {
  const series = asked.find((query) => query.arm === arm && query.part === 'total')?.series ?? [];
  if (series.length === 0)
    return `Prometheus knows no requests of ${name(arm)}: the query for all requests returns no series`;
  if (hasSampleInside(series, window)) return undefined;
  return `Prometheus has no new sample of ${name(arm)} in this window: scraping stopped, or is rarer than the interval`;
}

function fallenSum({ arm, part, raw, series }: Asked, window: Window): string | undefined {
  if (raw || !series.some((one) => risesAfterFall(one, window))) return undefined;
  return `${arm} ${part}: the value fell within the last minutes and rises again, which may be old requests coming back; ask for the counter itself, without sum(…)`;
}

function name(arm: Arm): string {
  return arm === 'canary' ? 'the canary' : 'stable';
}

/** When each source was first seen: by its own series, or where those leave it open by `up`. */
async function sightings(
  all: readonly Series[],
  window: Window,
  client: PrometheusClient,
): Promise<Map<string, number> | Failure> {
  const seen = firstSeen(all);
  const open = unproven(all, window, seen);
  const asked = all.filter((series) => open.has(sourceOf(series)) && series.labels['instance'] !== undefined);
  if (asked.length === 0) return seen;
  const alternation = (label: string): string =>
    [...new Set(asked.map(({ labels }) => labels[label] ?? ''))].map(literalRegex).join('|');
  const selector = `up{job=~"${alternation('job')}",instance=~"${alternation('instance')}"}`;
  const answer = await client.instant(overRange(selector, window), window.endMs);
  if (!answer.ok) return answer;
  for (const [source, timeMs] of firstSeen(answer.series.map(successesOf))) {
    seen.set(source, Math.min(timeMs, seen.get(source) ?? Infinity));
  }
  return seen;
}

/** Scrapes that worked: `up` is 1. */
function successesOf({ labels, samples }: Series): Series {
  return { labels, samples: samples.filter(({ value }) => value === 1) };
}

interface Options {
  window: Window;
  seen: ReadonlyMap<string, number>;
}

function countArm(
  asked: readonly Asked[],
  arm: Arm,
  options: Options,
  of: (series: Series) => boolean = () => true,
): Counts {
  const sum = (part: Part): number =>
    asked
      .filter((query) => query.arm === arm && query.part === part)
      .flatMap(({ series, raw }) => series.filter(of).map((one) => increase(one, { ...options, raw })))
      .reduce((a, b) => a + b, 0);
  return { bad: sum('bad'), total: sum('total') };
}

/**
 * Counts of every pod of both arms; `undefined` if the series do not say which pod they are of. A gateway's own pods are none
 * of the arm's.
 */
function countPods(
  job: Job,
  asked: readonly Asked[],
  options: Options,
): { canary: Record<string, Counts>; stable: Record<string, Counts> } | undefined {
  const ofArm = (arm: Arm): Record<string, Counts> | undefined => {
    const names = podNames(job, arm);
    const pods = Object.fromEntries(
      names.map((pod) => {
        const counts = countArm(asked, arm, options, (series) => podOf(series) === pod);
        return [pod, clamp(counts)] as const;
      }),
    );
    return complete(pods, countArm(asked, arm, options)) ? pods : undefined;
  };
  const canary = ofArm('canary');
  const stable = canary && ofArm('stable');
  return canary && stable && { canary, stable };
}

/** Why these counts cannot be used. Both counters are read in one scrape, so `bad` may pass `total` only by a hair. */
function impossible(arm: Arm, counts: Counts): { outcome: BadOutcome; sentence: string } | undefined {
  if (!Number.isFinite(counts.bad) || !Number.isFinite(counts.total)) {
    return { outcome: 'nan', sentence: `the counters of ${name(arm)} are not numbers` };
  }
  if (counts.bad <= counts.total * 1.05 + 1) return undefined;
  const numbers = `${Math.round(counts.bad)} bad requests out of ${Math.round(counts.total)}`;
  const sentence = `${name(arm)} has ${numbers}: the two queries do not count the same requests`;
  return { outcome: 'badQuery', sentence };
}

function clamp({ bad: errors, total }: Counts): Counts {
  return { total, bad: Math.min(errors, total) };
}
