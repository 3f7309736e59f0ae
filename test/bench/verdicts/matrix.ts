import type { Summaries, Summary } from './estimate.ts';
import { MEASURES } from './estimate.ts';
import { FAMILIES } from './families.ts';
import { FAMILY_IDS, LOADS } from './groups.ts';
import { PEERS } from './peers.ts';
import type { Row } from './table.ts';
import { detectionCell, percent } from './table.ts';

/** Tables of methods by families, and of sizes by traffic. */

interface Method {
  title: string;
  /** series without its family */
  name: (family: string, effect: string) => string;
}

const METHODS: readonly Method[] = [
  ...Object.entries(PEERS).map(([id, { title }]) => ({
    title,
    name: (family: string, effect: string) => `${family}-19/${effect}/${id}`,
  })),
  { title: '**Sluice**, 19 stable pods', name: (family, effect) => `${family}-19/${effect}/ours` },
  { title: '**Sluice**, 4 pods, 180 min', name: (family, effect) => `${family}-4/${effect}/ours` },
  { title: '**Sluice**, 4 pods, 60 min', name: (family, effect) => `${family}-4-young/${effect}/ours` },
  { title: '**Sluice**, no counts per pod', name: (family, effect) => `${family}-19/${effect}/withoutPods` },
];

const familyHead = (first: string): Row => [first, ...FAMILY_IDS];

/** Share of healthy releases that each method rolls back. */
export function falseAlarmRows(summaries: Summaries): Row[] {
  const rows = METHODS.map(({ title, name }) => [
    title,
    ...FAMILY_IDS.map((family) => percent(MEASURES.share(summaryOf(summaries, name(family, 'aa'))).value)),
  ]);
  return [familyHead('healthy releases rolled back'), ...rows];
}

/** Mean minutes until twice the errors are found. */
export function detectionRows(summaries: Summaries): Row[] {
  const rows = METHODS.map(({ title, name }) => [
    title,
    ...FAMILY_IDS.map((family) => cell(summaryOf(summaries, name(family, 'x2')))),
  ]);
  return [familyHead('twice the errors'), ...rows];
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

function cell(summary: Summary): string {
  return detectionCell(MEASURES.share(summary), MEASURES.minutes(summary));
}

function summaryOf(summaries: Summaries, name: string): Summary {
  const summary = summaries[name];
  if (summary === undefined) throw new Error(`nobody measured the series ${name}`);
  return summary;
}
