import { getObjects, getString } from '../../api/json.ts';
import type { MetricVerdict } from '../../api/analysis.ts';
import type { JsonObject } from '../../api/kube.ts';
import type { Release, ReleaseStatus } from '../../api/release.ts';
import type { Paint } from '../io.ts';
import { diffJson, formatChange } from './diff.ts';
import { nextSteps, whereNow } from './next.ts';
import { formatClock, wrapNumbers } from './numbers.ts';
import { paintPhase, paintVerdict } from './phase.ts';
import { formatExtras, formatLadder } from './splitting.ts';
import { sentQueries, shareQueries } from './queries.ts';
import { formatWeight } from './summary.ts';

/** For machines: what `sluice explain` knows beyond the Release itself. */
export function explainedRelease(release: Release): JsonObject {
  const { metadata, spec, status } = release;
  const asked = shareQueries(release);
  const told = {
    release: metadata.name,
    namespace: metadata.namespace,
    target: spec.target.name,
    phase: status?.phase ?? 'Pending',
    reason: status?.reason,
    message: status?.message,
    preset: spec.traffic?.preset,
    queries: sentQueries(release),
    requests: asked,
    share: status?.share,
    verdict: status?.verdict,
    verdicts: status?.analysis?.verdicts ?? [],
    decisions: status?.decisions ?? [],
    next: nextSteps(release),
  };
  return JSON.parse(JSON.stringify(told)) as JsonObject;
}

const MAX_CHANGES = 20;

/** The story of a release, told from the Release object alone. */
export function explainRelease(
  release: Release,
  paint: Paint,
  { values = false }: { values?: boolean } = {},
): string[] {
  const sections: [string, string[]][] = [
    ['What changed', whatChanged(release, values)],
    ['How it is tried', howTried(release)],
    ['What was decided', decisions(release.status)],
    ['What was measured', measured(release, paint)],
    ['How requests are shared out', counted(release)],
    ['Verdict', verdict(release.status, paint)],
    ['What to do next', nextSteps(release)],
  ];
  return [
    ...headline(release, paint),
    ...sections.flatMap(([title, lines]) =>
      lines.length === 0 ? [] : ['', paint('bold', title), ...lines.map((line) => `  ${line}`)],
    ),
  ];
}

function headline({ metadata, spec, status }: Release, paint: Paint): string[] {
  const name = `Release ${metadata.name} of deployment/${spec.target.name} in ${metadata.namespace ?? 'default'}`;
  if (status === undefined) return [`${paint('bold', name)}: ${paintPhase(paint, 'Pending')}`];
  const times = `started ${status.startedAt}${status.endedAt === undefined ? '' : `, ended ${status.endedAt}`}`;
  return [
    `${paint('bold', name)}: ${paintPhase(paint, status.phase)} (${status.reason})`,
    status.message,
    paint('dim', times),
  ];
}

function whatChanged({ spec }: Release, values: boolean): string[] {
  const changes = diffJson(spec.stable.template, spec.canary.template, { values }).map(formatChange);
  if (changes.length === 0) return ['nothing: the template is the one that was stable'];
  const hidden = changes.length - MAX_CHANGES;
  return hidden > 0 ? [...changes.slice(0, MAX_CHANGES), `and ${hidden} more`] : changes;
}

function howTried(release: Release): string[] {
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

function decisions(status: ReleaseStatus | undefined): string[] {
  return (status?.decisions ?? []).flatMap((decision) => [
    `${formatClock(decision.time)}  ${decision.reason.padEnd(20)}  ${decision.sentence}`,
    ...wrapNumbers(decision.numbers ?? {}).map((line) => `${' '.repeat(32)}${line}`),
  ]);
}

function measured(release: Release, paint: Paint): string[] {
  const verdicts = release.status?.analysis?.verdicts ?? [];
  return release.spec.analysis.flatMap((template) => {
    const of = getString(template, 'template') ?? '?';
    const metrics = getObjects(template, 'spec', 'metrics').flatMap((metric) => {
      const name = getString(metric, 'name') ?? '?';
      const found = verdicts.find((item) => item.metric === name || item.metric.endsWith(`/${name}`));
      return [
        `${name} (template ${of})${metric['dryRun'] === true ? ', dry run' : ''}`,
        ...queries(release, of, metric).map((line) => `  ${line}`),
        ...(found === undefined ? ['  not judged yet'] : judged(found, paint).map((line) => `  ${line}`)),
      ];
    });
    const score = verdicts.find((item) => item.metric === `${of} score`);
    if (score === undefined) return metrics;
    return [...metrics, `${of} score`, ...judged(score, paint).map((line) => `  ${line}`)];
  });
}

function judged(item: MetricVerdict, paint: Paint): string[] {
  return [
    `${paintVerdict(paint, item.result)} (${item.reason}): ${item.sentence}`,
    ...wrapNumbers(item.numbers),
  ];
}

/** What was asked of Prometheus; the name of the preset where its queries are not in the record. */
function queries(release: Release, template: string, metric: JsonObject): string[] {
  const name = getString(metric, 'name');
  const sent = sentQueries(release).filter((each) => each.template === template && each.metric === name);
  const preset = getString(metric, 'errorRate', 'preset') ?? getString(metric, 'latency', 'preset');
  if (preset !== undefined) return [`queries of the preset ${preset}`];
  const limits = ['success', 'failure'].flatMap((field) => {
    const expression = getString(metric, 'threshold', field);
    return expression === undefined ? [] : [`${field}: ${expression}`];
  });
  return [...sent.map(({ what, query }) => `${what}: ${query}`), ...limits];
}

/** Whether the requests fit the weight, and by what they are counted. */
function counted(release: Release): string[] {
  const { preset } = release.spec.traffic ?? {};
  const asked = shareQueries(release);
  const share = release.status?.share;
  if (preset === undefined) return [];
  return [
    preset.name === 'none' ? `no preset fits: ${preset.because}` : `preset ${preset.name}: ${preset.because}`,
    ...(share === undefined ? [] : [`${share.reason}: ${share.sentence}`]),
    ...(asked === undefined ? [] : [`canary requests: ${asked.canary}`, `stable requests: ${asked.stable}`]),
  ];
}

function verdict(status: ReleaseStatus | undefined, paint: Paint): string[] {
  if (status?.verdict === undefined) return ['none yet'];
  const { result, reason, sentence } = status.verdict;
  return [`${paintVerdict(paint, result)} (${reason}): ${sentence}`];
}
