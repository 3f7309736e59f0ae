import { getObjects, getString } from '../../lib/json.ts';
import type { MetricVerdict } from '../../api/kinds/release/verdict.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { conditionsOf, readyMade } from '../../api/kinds/template/metric.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import { wrapWords } from '../../lib/text.ts';
import type { Paint } from '../io.ts';
import { explained } from './breakdown.ts';
import { diffJson, formatChange } from './diff.ts';
import { nextSteps, whereNow } from './next.ts';
import { formatClock, formatNumbers } from './numbers.ts';
import { paintPhase, paintVerdict } from './phase.ts';
import { laid, type Line } from './line.ts';
import { formatExtras, formatLadder } from './splitting.ts';
import { metricsIn, sentQueries, shareQueries } from './queries.ts';
import { formatWeight } from './summary.ts';

/** For machines: what `sluice explain` knows beyond the Release itself. */
export function explainedRelease(
  release: Release,
  { values = false }: { values?: boolean } = {},
): JsonObject {
  const { metadata, spec } = release;
  const status: Partial<ReleaseStatus> = release.status ?? {};
  const asked = shareQueries(release);
  const told = {
    release: metadata.name,
    namespace: metadata.namespace,
    target: spec.target.name,
    phase: status.phase ?? 'Pending',
    reason: status.reason,
    message: status.message,
    changes: diffJson(spec.stable.template, spec.canary.template, { values }).map(formatChange),
    preset: spec.traffic?.preset,
    queries: sentQueries(release),
    requests: asked,
    share: status.share,
    breakdown: status.breakdown,
    verdict: status.verdict,
    verdicts: status.analysis?.verdicts ?? [],
    decisions: status.decisions ?? [],
    next: nextSteps(release),
  };
  return JSON.parse(JSON.stringify(told)) as JsonObject;
}

const MAX_CHANGES = 20;

export interface Telling {
  paint: Paint;
  /** width at which lines are broken between words; queries are never broken */
  columns: number;
  /** also shows what Prometheus was asked */
  queries: boolean;
  /** also shows values that could be secrets */
  values: boolean;
}

/** The story of a release, told from the Release object alone: what happened, what to do, then the details. */
export function explainRelease(release: Release, telling: Telling): string[] {
  const { paint, columns } = telling;
  const told = new Set(release.status === undefined ? [] : [release.status.message]);
  const sections: [string, Line[]][] = [
    ['What happened', decisions(release.status, told)],
    ['What changed', whatChanged(release, telling.values)],
    ['What to do next', nextSteps(release)],
    ['How it is tried', howTried(release)],
    ['What was measured', measured(release, telling, told)],
    ['What explains the failure', explained(release)],
    ['How requests are split', counted(release, telling.queries)],
  ];
  return [
    ...headline(release, paint).flatMap((line) => wrapWords(line, columns)),
    ...sections.flatMap(([title, lines]) =>
      lines.length === 0 ? [] : ['', paint('bold', title), ...lines.flatMap((line) => laid(line, columns))],
    ),
  ];
}

/** What happened in one line, and how it ended. */
function headline({ metadata, spec, status }: Release, paint: Paint): string[] {
  const name = `Release ${metadata.name} of deployment/${spec.target.name} in ${metadata.namespace ?? 'default'}`;
  if (status === undefined) return [`${paint('bold', name)}: ${paintPhase(paint, 'Pending')}`];
  const { phase, reason, message, startedAt, endedAt } = status;
  const why = reason === phase ? '' : ` (${reason})`;
  const took = Date.parse(endedAt ?? '') - Date.parse(startedAt);
  const ended = Number.isNaN(took) ? '' : `, took ${formatDuration(Math.round(took / 1000) * 1000)}`;
  return [
    `${paint('bold', name)}: ${paintPhase(paint, phase)}${why}`,
    message,
    paint('dim', `began ${startedAt}${ended}`),
  ];
}

/** The decisions in their order; a sentence that the headline or an earlier line has said is not repeated. */
function decisions(status: ReleaseStatus | undefined, told: Set<string>): Line[] {
  return (status?.decisions ?? []).map(({ time, reason, sentence }) => {
    const text = `${formatClock(time)}  ${reason.padEnd(20)}`;
    if (told.has(sentence)) return `${text}  (as above)`;
    told.add(sentence);
    return { text: `${text}  ${sentence}`, hanging: 32 };
  });
}

function whatChanged({ spec }: Release, values: boolean): string[] {
  const changes = diffJson(spec.stable.template, spec.canary.template, { values }).map(formatChange);
  if (changes.length === 0) return ['nothing: the template is the one that was stable'];
  const hidden = changes.length - MAX_CHANGES;
  return hidden > 0 ? [...changes.slice(0, MAX_CHANGES), `and ${hidden} more`] : changes;
}

function howTried(release: Release): Line[] {
  const { spec, status } = release;
  const { traffic } = spec;
  const steps = formatLadder(spec.policy);
  return [
    traffic === undefined ? 'no traffic is moved' : `provider ${traffic.provider}: ${whatSplits(traffic)}`,
    ...(steps.length === 0 ? [] : [`steps ${steps.join(' → ')}`]),
    ...(status === undefined || status.step < 0
      ? []
      : [
          [
            `${whereNow(status)}: weight ${status.weight}%, observed ${formatWeight(status)}`,
            ...formatExtras(release),
          ].join(', '),
        ]),
    ...(spec.intent === 'Auto' ? [] : [`a human set intent ${spec.intent}`]),
  ];
}

function whatSplits({ routes, service, canaryService }: NonNullable<Release['spec']['traffic']>): string {
  if (canaryService === undefined) {
    return `canary pods beside stable ones${service === undefined ? '' : ` behind service ${service}`}`;
  }
  const named = routes.map((route) => `${route.kind} ${route.name}`).join(', ');
  return `${named || `requests to ${service ?? ''}`} split between services ${service ?? ''} and ${canaryService}`;
}

function measured(release: Release, telling: Telling, told: Set<string>): Line[] {
  const verdicts = release.status?.analysis?.verdicts ?? [];
  return release.spec.analysis.flatMap((template) => {
    const of = getString(template, 'template') ?? '?';
    const metrics = getObjects(template, 'spec', 'metrics').flatMap((metric): Line[] => {
      const name = getString(metric, 'name') ?? '?';
      const found = verdicts.find((item) => item.metric === name || item.metric.endsWith(`/${name}`));
      const title = `${name} (template ${of})${metric['dryRun'] === true ? ', dry run' : ''}`;
      return [
        ...judged(title, found, telling.paint, told),
        ...(telling.queries
          ? queries(release, template, name).map((query) => ({ whole: `  ${query}` }))
          : []),
      ];
    });
    const score = verdicts.find((item) => item.metric === `${of} score`);
    return score === undefined ? metrics : [...metrics, ...judged(`${of} score`, score, telling.paint, told)];
  });
}

/** "error-rate (template http): fail (HarmDetected)", then the sentence unless it was already shown, then the numbers. */
function judged(title: string, item: MetricVerdict | undefined, paint: Paint, told: Set<string>): Line[] {
  if (item === undefined) return [`${title}: not judged yet`];
  const { result, reason, sentence, numbers } = item;
  const news = told.has(sentence) ? [] : [sentence];
  told.add(sentence);
  return [
    `${title}: ${paintVerdict(paint, result)} (${reason})`,
    ...[...news, formatNumbers(numbers)]
      .filter((text) => text !== '')
      .map((text) => ({ text: `  ${text}`, hanging: 2 })),
  ];
}

/** What Prometheus was asked; the name of the preset if its queries are not in the record. */
function queries(release: Release, template: JsonObject, name: string): string[] {
  const metric = metricsIn(template).find((each) => each.name === name);
  if (metric === undefined) return ['its queries are in a form that this version of sluice cannot read'];
  const given = readyMade(metric)?.given(metric);
  if (given?.preset !== undefined && given.queries === undefined)
    return [`queries of the preset ${given.preset}`];
  const sent = sentQueries(release).filter(
    (each) => each.template === getString(template, 'template') && each.metric === name,
  );
  return [
    ...sent.map(({ what, query }) => `${what}: ${query}`),
    ...conditionsOf(metric).map(({ field, text }) => `${field}: ${text}`),
  ];
}

/** Whether the requests fit the weight, and which queries count them. */
function counted(release: Release, queries: boolean): Line[] {
  const { preset } = release.spec.traffic ?? {};
  const asked = shareQueries(release);
  const share = release.status?.share;
  if (preset === undefined) return [];
  const sent =
    asked === undefined ? [] : [`canary requests: ${asked.canary}`, `stable requests: ${asked.stable}`];
  const own = preset.metric === undefined ? undefined : `counted by the total of metric ${preset.metric}`;
  return [
    own ??
      (preset.name === 'none'
        ? `no preset fits: ${preset.because}`
        : `preset ${preset.name}: ${preset.because}`),
    ...(share === undefined ? [] : [`${share.reason}: ${share.sentence}`]),
    ...(queries ? sent.map((whole) => ({ whole })) : []),
  ];
}
