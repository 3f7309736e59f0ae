import { COUNTING } from '../../analysis/judge/kinds.ts';
import { getString } from '../../lib/json.ts';
import { ladderOf } from '../../api/ladder.ts';
import {
  analysisTexts,
  courseOf,
  fallingWeights,
  lengthText,
  longSteps,
  stepText,
  type Course,
} from './course.ts';
import type { Note } from '../../release/preflight/index.ts';
import { REASON } from '../../api/reasons.ts';
import { toJson } from '../format/document.ts';
import { formatStep } from '../format/splitting.ts';
import { formatStep as formatPlace, formatWeight } from '../format/summary.ts';
import type { Paint } from '../io.ts';
import { onlyTime, type Checked } from './look.ts';
import type { Asked } from './queries.ts';

export interface Report {
  target: string;
  namespace: string;
  checked: Checked;
  asked: readonly Asked[];
  /** made from manifests, without a cluster */
  offline: boolean;
  /** for a cluster: with whose rights it was read; `asked`: whether these rights suffice for a release was checked */
  rights?: { user: string | undefined; asked: boolean };
}

const refusedQueries = ({ asked }: Report): readonly Asked[] =>
  asked.filter(({ state }) => state === 'refused');

/** Nothing prevents a release: the plan is possible, and there is no query that Prometheus will never answer. */
export function canBegin(report: Report): boolean {
  const { checked, offline } = report;
  const planned = checked.refusals.length === 0 || (offline && onlyTime(checked));
  return planned && refusedQueries(report).length === 0;
}

/** For people: what was found, what is good to know, and whether a release could begin. */
export function textReport(report: Report, paint: Paint): string[] {
  const { target, namespace, checked, asked, offline } = report;
  const sign = offline && onlyTime(checked) ? paint('yellow', '?') : paint('red', '✗');
  return [
    paint('bold', `deployment/${target} in namespace ${namespace}`),
    ...[...found(checked), ...rightsText(report)].map(([name, value]) => `  ${name.padEnd(10)}${value}`),
    ...asked.flatMap((one) => askedLines(one, paint)),
    ...notesOf(checked).map(({ sentence }) => `  ${paint('cyan', 'i')} ${sentence}`),
    ...checked.refusals.map(({ reason, sentence }) => `${sign} ${reason}: ${sentence}`),
    ...conclusion(report, paint),
  ];
}

function conclusion(report: Report, paint: Paint): string[] {
  const { checked } = report;
  const queries = refusedQueries(report).length;
  if (queries > 0) {
    const which = queries === 1 ? 'One metric' : `${queries} metrics`;
    return [
      paint('red', `✗ ${which} cannot be measured with these queries; correct them before a release begins.`),
    ];
  }
  if (checked.refusals.length > 0) return [];
  if (!checked.underWay || checked.release === undefined) return [paint('green', '✓ A release can begin.')];
  return [paint('green', `✓ ${underWay(checked.release)} A change now ${whatHappens(checked)}.`)];
}

function underWay({ metadata, status }: NonNullable<Checked['release']>): string {
  const place = formatPlace(status);
  const step = place === '-' ? '' : `, step ${place}, weight ${formatWeight(status)}`;
  return `Release ${metadata.name} is under way (${status?.phase ?? 'Pending'}${step}), so its routes and Services are not checked.`;
}

function whatHappens({ facts }: Checked): string {
  return facts?.rules?.policy.onNewRevision === 'queue'
    ? 'waits until it has ended'
    : 'takes its place: the canary is withdrawn, and a new release begins at the first step';
}

const SIGNS = { known: ['green', '✓'], unknown: ['yellow', '?'], refused: ['red', '✗'] } as const;

function askedLines({ metric, state, sentence, query, said, notes }: Asked, paint: Paint): string[] {
  const [colour, sign] = SIGNS[state];
  return [
    `  ${paint(colour, sign)} metric ${metric}: ${sentence}`,
    ...(query === undefined ? [] : [`      query       ${query}`]),
    ...(said === undefined ? [] : [`      Prometheus  ${said}`]),
    ...notes.map((note) => `  ${paint('cyan', 'i')} metric ${metric}: ${note}`),
  ];
}

function notesOf(checked: Checked): Note[] {
  const policy = checked.facts?.rules?.policy;
  if (policy === undefined || checked.release === undefined) return [...checked.notes];
  const slips = [
    { reason: REASON.WeightsFall, sentence: fallingWeights(policy) },
    { reason: REASON.StepIsLong, sentence: longSteps(policy) },
  ];
  return [
    ...checked.notes,
    ...slips.flatMap(({ reason, sentence }) => (sentence === undefined ? [] : [{ reason, sentence }])),
  ];
}

function courseIn({ facts, release }: Checked): Course | undefined {
  const policy = facts?.rules?.policy;
  if (policy === undefined || release === undefined) return undefined;
  return courseOf(policy, release.spec.traffic?.provider ?? '', facts?.target?.replicas ?? 1);
}

function found(checked: Checked): [string, string][] {
  const { facts, release, templates } = checked;
  const policy = facts?.rules?.policy;
  const traffic = release?.spec.traffic;
  const course = courseIn(checked);
  if (policy === undefined || traffic === undefined || course === undefined) return [];
  const ladder = ladderOf(policy).map((step) => formatStep(policy, step));
  const { provider, service, canaryService, routes } = traffic;
  const named = routes.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  const services = [service, canaryService].filter((name) => name !== undefined);
  return [
    ['strategy', `${policy.strategy}: ${ladder.join(' → ')}`],
    ...course.steps.map((step, i): [string, string] => [i === 0 ? 'steps' : '', stepText(step)]),
    ['lasts', lengthText(course)],
    ['provider', `${provider}${named === '' ? '' : ` (${named})`}`],
    ...(services.length === 0 ? [] : [['service', services.join(', canary ')] as [string, string]]),
    ['labels', labelsText(traffic.rewrite)],
    ...analysisTexts(templates).map((text, i): [string, string] => [i === 0 ? 'analysis' : '', text]),
    ...queriesText(checked),
  ];
}

function rightsText({ rights }: Report): [string, string][] {
  if (rights === undefined) return [];
  const user = rights.user ?? "the kubeconfig's user";
  return rights.asked
    ? [['rights', `those of ${user}, asked for one by one`]]
    : [
        [
          'rights',
          `checked with those of ${user}; --as system:serviceaccount:<namespace>:<name> asks for the controller's`,
        ],
      ];
}

function labelsText(rewrite: Record<string, unknown>): string {
  const labels = Object.entries(rewrite).map(([key, value]) => {
    const from = getString(value, 'from');
    return `${key}: ${from === undefined ? '' : `${from} → `}${getString(value, 'to') ?? ''}`;
  });
  return labels.join(', ');
}

/** Where the queries come from: a template with its own queries needs no ready-made ones. */
function queriesText({ release, templates }: Checked): [string, string][] {
  const preset = release?.spec.traffic?.preset;
  if (preset === undefined) return [];
  const counted = templates.flatMap(({ template }) =>
    template.metrics.filter(({ type }) => COUNTING.includes(type)),
  );
  const own = counted.length > 0 && counted.every((metric) => 'queries' in metric);
  if (!own) return [['queries', `${preset.name}: ${preset.because}`]];
  const { metric, requests, because } = preset;
  if (metric !== undefined)
    return [
      ['queries', `those of the templates; the share of requests is checked by the total of ${metric}`],
    ];
  const share = requests === undefined ? `; the share of requests is not verified: ${because}` : '';
  return [['queries', `those of the templates${share}`]];
}

/** For machines. */
export function jsonReport(report: Report): string {
  const { target, namespace, checked, asked, rights } = report;
  const { release } = checked;
  return toJson(
    {
      target,
      namespace,
      ok: canBegin(report),
      ...(rights === undefined ? {} : { rights }),
      refusals: checked.refusals.map(({ reason, sentence }) => ({ reason, sentence })),
      notes: notesOf(checked),
      metrics: asked,
      ...(checked.underWay && release !== undefined ? { underWay: place(release) } : {}),
      ...(release === undefined
        ? {}
        : { traffic: release.spec.traffic, policy: release.spec.policy, course: courseIn(checked) }),
    },
    2,
  );
}

function place({ metadata, status }: NonNullable<Checked['release']>): object {
  const { phase = 'Pending', step = -1, steps = 0, observedWeight = null } = status ?? {};
  return { release: metadata.name, phase, step, steps, observedWeight };
}
