import { foundCell as cell } from './cells.ts';
import type { Summaries } from './estimate.ts';
import { MEASURES, summaryOf } from './estimate.ts';
import type { FamilyId } from './families.ts';
import { FAMILIES } from './families.ts';
import { CLIMBS, FAMILY_IDS, LOADS, SETTINGS } from './groups.ts';
import { PEERS } from './peers.ts';
import type { ReferenceId } from './references.ts';
import { alarmsReference, detectionReference } from './references.ts';
import type { Row } from './table.ts';
import { percent } from './table.ts';

/** Tables of methods by families, and of sizes by traffic. */

interface Method {
  title: string;
  /** name of a series without its family */
  name: (family: string, effect: string) => string;
  reference?: ReferenceId;
}

const METHODS: readonly Method[] = [
  ...Object.entries(PEERS).map(([id, { title }]) => ({
    title,
    name: (family: string, effect: string) => `${family}-19/${effect}/${id}`,
  })),
  ...(
    [
      ['19', '19 stable pods', '-19', 'ours'],
      ['4', '4 pods, 180 min', '-4', 'ours'],
      ['4-young', '4 pods, 60 min', '-4-young', 'ours'],
      ['withoutPods', 'no counts per pod', '-19', 'withoutPods'],
    ] as const
  ).map(([reference, title, group, method]) => ({
    title: `**Sluice**, ${title}`,
    name: (family: string, effect: string) => `${family}${group}/${effect}/${method}`,
    reference,
  })),
];

const familyHead = (first: string): Row => [first, ...FAMILY_IDS];

/** Share of healthy releases that each method rolls back. */
export function falseAlarmRows(summaries: Summaries): Row[] {
  const measured = (method: Method, family: FamilyId): string =>
    percent(MEASURES.share(summaryOf(summaries, method.name(family, 'aa'))).value);
  return [familyHead('healthy releases rolled back'), ...familyRows(measured, alarmsReference)];
}

/** Mean minutes until twice the errors are found. */
export function detectionRows(summaries: Summaries): Row[] {
  const measured = (method: Method, family: FamilyId): string =>
    cell(summaryOf(summaries, method.name(family, 'x2')));
  return [familyHead('twice the errors'), ...familyRows(measured, detectionReference)];
}

function familyRows(
  measured: (method: Method, family: FamilyId) => string,
  expected: (id: ReferenceId, family: FamilyId) => string,
): Row[] {
  return METHODS.flatMap((method) => {
    const { title, reference } = method;
    const row = [title, ...FAMILY_IDS.map((family) => measured(method, family))];
    if (reference === undefined) return [row];
    return [row, ['reference', ...FAMILY_IDS.map((family) => expected(reference, family))]];
  });
}

/** Whole releases, from 5% to promotion. */
export function climbRows(summaries: Summaries): Row[] {
  const share = (name: string): string => percent(MEASURES.share(summaryOf(summaries, name)).value);
  const rows = CLIMBS.map(({ id, rps, rate, template }) => [
    `${rps} rps`,
    percent(rate),
    template?.safeEvidence === undefined ? 'per step' : 'kept through steps',
    cell(summaryOf(summaries, `${id}/aa/promoted`)),
    share(`${id}/aa/rolledBack`),
    cell(summaryOf(summaries, `${id}/x2/rolledBack`)),
    share(`${id}/x2/promoted`),
    cell(summaryOf(summaries, `${id}/x3/rolledBack`)),
    share(`${id}/margin/promoted`),
  ]);
  const head = [
    'traffic of the service',
    'usual errors',
    'evidence of safety',
    'healthy: promoted',
    'rolled back',
    '×2: rolled back',
    'promoted',
    '×3: rolled back',
    'on the safe margin: promoted',
  ];
  return [head, ...rows];
}

/** The costs and benefits of other margins than the default; errors are independent, windows 15 s. */
export function marginRows(summaries: Summaries): Row[] {
  const rows = [
    { id: 'iid-15s', title: 'default: `harm.relative: 0.10`, `risk.harm: 0.05`' },
    ...SETTINGS,
  ].map(({ id, title }) => [
    title,
    percent(MEASURES.share(summaryOf(summaries, `${id}/aa/ours`)).value),
    cell(summaryOf(summaries, `${id}/x1.5/ours`)),
    cell(summaryOf(summaries, `${id}/x2/ours`)),
  ]);
  return [['setting', 'healthy rolled back', '×1.5', '×2'], ...rows];
}

const EFFECTS = ['x1.5', 'x2', 'x3', 'x5', 'x10'] as const;

/** Mean minutes until an effect is found, by traffic. */
export function loadRows(summaries: Summaries): Row[] {
  const loads = [{ id: 'iid-15s', canaryRps: 10, rate: 0.01 }, ...LOADS].sort(
    (a, b) => b.rate - a.rate || a.canaryRps - b.canaryRps,
  );
  const rows = loads.map(({ id, canaryRps, rate }) => [
    `${canaryRps} rps`,
    percent(rate),
    ...EFFECTS.map((effect) => cell(summaryOf(summaries, `${id}/${effect}/ours`))),
    percent(MEASURES.share(summaryOf(summaries, `${id}/aa/ours`)).value),
  ]);
  const head = [
    'canary traffic',
    'usual errors',
    ...EFFECTS.map((effect) => `×${effect.slice(1)}`),
    'false alarms',
  ];
  return [head, ...rows];
}

export function familyLegend(): string {
  return FAMILY_IDS.map((family) => `\`${family}\` ${FAMILIES[family].title}`).join('; ');
}

const SLOWNESSES = {
  aa: 'healthy: rolled back',
  margin: '×1.1 (margin): rolled back',
  'x1.2': '×1.2',
  'x1.3': '×1.3',
  'x1.5': '×1.5',
  x2: '×2',
  stuck1: '1% of requests +1.5 s',
  stuck2: '2%',
} as const;

/**
 * Latency: how often a healthy canary is rolled back, and how soon slower canaries are, by kind of histogram.
 */
export function latencyRows(summaries: Summaries): Row[] {
  const kinds = [
    ['classic', 'classic buckets'],
    ['native', 'native histogram'],
    ['classic-bursts', 'classic, slow bursts'],
    ['native-bursts', 'native, slow bursts'],
  ] as const;
  const methods = [
    ['naive', 'p99 above 1.1 × stable, 5 failed minutes'],
    ['ours', '**Sluice**'],
  ] as const;
  const rows = methods.flatMap(([method, title]) =>
    kinds.map(([kind, name]) => [
      `${title}; ${name}`,
      ...Object.keys(SLOWNESSES).map((effect) => {
        const summary = summaryOf(summaries, `latency-${kind}/${effect}/${method}`);
        const rare = effect === 'aa' || effect === 'margin';
        return rare ? percent(MEASURES.share(summary).value) : cell(summary);
      }),
    ]),
  );
  return [['latency', ...Object.values(SLOWNESSES)], ...rows];
}
