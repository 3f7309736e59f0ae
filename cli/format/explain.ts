import { getObject, getObjects, getString } from '../../api/json.ts';
import type { MetricVerdict } from '../../api/analysis.ts';
import type { Json, JsonObject } from '../../api/kube.ts';
import type { Release, ReleaseStatus } from '../../api/release.ts';
import type { Paint } from '../io.ts';
import { diffJson, formatChange } from './diff.ts';
import { nextSteps, whereNow } from './next.ts';
import { formatClock, wrapNumbers } from './numbers.ts';
import { paintPhase, paintVerdict } from './phase.ts';
import { formatExtras, formatLadder } from './splitting.ts';
import { formatWeight } from './summary.ts';

const MAX_CHANGES = 20;

/** The story of a release, told from the Release object alone. */
export function explainRelease(release: Release, paint: Paint): string[] {
  const sections: [string, string[]][] = [
    ['What changed', whatChanged(release)],
    ['How it is tried', howTried(release)],
    ['What was decided', decisions(release.status)],
    ['What was measured', measured(release, paint)],
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

function whatChanged({ spec }: Release): string[] {
  const changes = diffJson(spec.stable.template, spec.canary.template).map(formatChange);
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
  return `${named || 'no route'} split between services ${service ?? ''} and ${canaryService}`;
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
        ...queries(metric).map((line) => `  ${line}`),
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

/** What was asked of Prometheus: the name of the preset, or the queries. */
function queries(metric: JsonObject): string[] {
  const counted = getObject(metric, 'errorRate') ?? getObject(metric, 'latency');
  if (counted !== undefined) {
    const preset = getString(counted, 'preset');
    return preset === undefined ? texts(counted) : [`queries of the preset ${preset}`];
  }
  const series = getObject(metric, 'series');
  if (series === undefined) return texts(getObject(metric, 'threshold'));
  const asked = ['query', 'stableQuery'].filter((field) => series[field] !== undefined);
  return asked.flatMap((field) => texts(series[field], field));
}

function texts(value: Json | undefined, path = ''): string[] {
  if (typeof value === 'string') return [`${path}: ${value}`];
  return Object.entries(getObject(value) ?? {}).flatMap(([name, item]) =>
    texts(item, path === '' ? name : `${path} ${name}`),
  );
}

function verdict(status: ReleaseStatus | undefined, paint: Paint): string[] {
  if (status?.verdict === undefined) return ['none yet'];
  const { result, reason, sentence } = status.verdict;
  return [`${paintVerdict(paint, result)} (${reason}): ${sentence}`];
}
