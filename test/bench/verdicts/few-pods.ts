import type { Check } from './checks.ts';
import { minutesCell, shareCell } from './cells.ts';
import { errorGroup } from './errors.ts';
import type { Summaries } from './estimate.ts';
import type { AnyFamilyId } from './families.ts';
import { ALL_FAMILIES } from './families.ts';
import type { Group } from './group.ts';
import type { Row } from './table.ts';

/** Two stable pods, and counts of which no one knows the pod. */

const FEW_FAMILIES: readonly AnyFamilyId[] = ['iid', 'ar6', 'ar95', 'podfx', 'burst20', 'mmpp'];

const SIZES = [
  {
    id: 'few-2',
    title: '2 stable pods, 180 min of history',
    plan: { service: { pods: 2, lookbackMinutes: 180 } },
  },
  { id: 'few-2-young', title: '2 stable pods, an hour of history', plan: { service: { pods: 2 } } },
  { id: 'few-none', title: 'no counts per pod', plan: { byPod: false } },
] as const;

export const FEW_GROUPS: readonly Group[] = SIZES.flatMap(({ id, plan }) =>
  FEW_FAMILIES.map((family) =>
    errorGroup({
      id: `${id}-${family}`,
      family,
      ...plan,
      effects: { aa: 1, x2: 2, x10: 10 },
      coverage: ['aa'],
      share: 0.5,
    }),
  ),
);

/** A rate that wanders for half an hour cannot be told from a bad version by anything that lasts an hour. */
const UNBARRED: AnyFamilyId = 'ar95';

export const FEW_CHECKS: readonly Check[] = SIZES.flatMap(({ id, title }) =>
  FEW_FAMILIES.filter((family) => family !== UNBARRED).flatMap((family): Check[] => [
    {
      section: `healthy, rolled back: ${title}`,
      name: ALL_FAMILIES[family].title,
      series: `${id}-${family}/aa/ours`,
      measure: 'share',
      bar: { atMost: 0.05 },
    },
    {
      section: `displayed interval holds the truth at all 60 looks: ${title}`,
      name: ALL_FAMILIES[family].title,
      series: `${id}-${family}/aa/covered`,
      measure: 'proportion',
      bar: { atLeast: 0.95 },
    },
  ]),
);

export function fewRows(summaries: Summaries): Row[] {
  const rows = SIZES.flatMap(({ id, title }) =>
    FEW_FAMILIES.map((family) => [
      title,
      ALL_FAMILIES[family].title,
      shareCell(summaries, `${id}-${family}/aa/ours`),
      shareCell(summaries, `${id}-${family}/aa/covered`, 'proportion'),
      minutesCell(summaries, `${id}-${family}/x2/ours`),
      minutesCell(summaries, `${id}-${family}/x10/ours`),
    ]),
  );
  return [['', 'noise', 'healthy: rolled back', 'interval holds the truth', '×2', '×10'], ...rows];
}
