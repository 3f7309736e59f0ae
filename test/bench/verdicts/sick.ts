import type { Check } from './checks.ts';
import { bothCell, minutesCell, shareCell } from './cells.ts';
import { errorGroup } from './errors.ts';
import type { Summaries } from './estimate.ts';
import type { AnyFamilyId } from './families.ts';
import type { Group } from './group.ts';
import { climbGroup } from './steps.ts';
import type { Row } from './table.ts';
import type { Factor } from './traffic.ts';

/** One stable pod that was sick in the hour from which the judge learns, or always is; and pods with bad minutes. */

interface Sickness {
  id: string;
  title: string;
  /** errors of stable in the release, in times of those of a healthy pod; absent: 1 */
  stable?: number;
  sick?: Factor;
  family?: AnyFamilyId;
}

const FIRST_POD = 0;
const UNTIL = -30;

/** One pod had `times` the errors for some minutes, half an hour ago. */
const once =
  (times: number, minutes: number): Factor =>
  (minute, pod) =>
    pod === FIRST_POD && minute < UNTIL && minute >= UNTIL - minutes ? times : 1;

const always =
  (times: number): Factor =>
  (_, pod) =>
    pod === FIRST_POD ? times : 1;

export const SICK_PODS: readonly (Sickness & { short: string })[] = [
  { id: 'calm', title: 'all pods well', short: 'all well' },
  {
    id: 'once10',
    title: 'one pod had 10% errors for 2 min, half an hour ago',
    short: '10%, 2 min',
    sick: once(10, 2),
  },
  {
    id: 'once50',
    title: 'one pod had 50% errors for 3 min, half an hour ago',
    short: '50%, 3 min',
    sick: once(50, 3),
  },
  { id: 'always3', title: 'one pod always has ×3', short: 'always ×3', sick: always(3), stable: 21 / 19 },
  { id: 'always10', title: 'one pod always has ×10', short: 'always ×10', sick: always(10), stable: 28 / 19 },
];

const NOISES: readonly Sickness[] = [
  { id: 'burst20', title: '×20 bursts of about 5 min, 0.5% a minute', family: 'burst20' },
  { id: 'ar6', title: 'wandering rate, sd .6, correlation .7', family: 'ar6' },
];

/** Exactly on the safe margin: 1.5 × stable's rate + 0.001, in times of 1%. */
const safeMargin = (stable: number): number => 1.5 * stable + 0.1;

export const SICK_GROUPS: readonly Group[] = [
  ...[...SICK_PODS, ...NOISES].map(({ id, sick, stable = 1, family = 'iid' }) =>
    errorGroup({
      id: `sick-${id}`,
      family,
      ...(sick === undefined ? {} : { service: { sick } }),
      effects: { aa: 1, margin: safeMargin(stable), x2: 2, x10: 10 },
      safe: ['aa', 'margin'],
      share: 0.25,
    }),
  ),
  ...SICK_PODS.map(({ id, sick }) =>
    climbGroup({ id: `sick-${id}-climb`, rps: 200, rate: 0.01, share: 0.25, effects: { aa: 1 }, sick }),
  ),
];

interface Aim {
  /** share of healthy releases promoted within 15 min, through all steps */
  promoted?: number;
  /** minutes until a healthy canary is proven safe, until ×2 and ×10 are found */
  safe?: number;
  x2?: number;
  x10?: number;
}

/** A tenth more than prototypes gave, or what was asked for. */
const AIMS: Readonly<Record<string, Aim>> = {
  calm: { promoted: 0.95, safe: 6.2, x2: 3.7, x10: 1.1 },
  once10: { promoted: 0.95, safe: 8.1 },
  once50: { promoted: 0.95, safe: 11.6 },
  always3: { promoted: 0.95, x2: 4.7 },
  always10: { promoted: 0.95, safe: 11.8, x2: 10, x10: 1.5 },
  burst20: { safe: 12.9 },
};

const REFERENCES: Readonly<Record<string, string>> = {
  'calm/aa/safe': '5.6',
  'once10/aa/safe': '7.4',
  'once50/aa/safe': '10.5',
  'always10/aa/safe': '10.7',
  'burst20/aa/safe': '11.7',
  'always3/x2/ours': '4.3',
  'always10/x2/ours': '9.3',
  'always10/x10/ours': '1.0',
};

const checksOf = ({ id, title }: Sickness): Check[] => {
  const { promoted, safe, x2, x10 } = AIMS[id] ?? {};
  const minutes = (section: string, series: string, atMost: number | undefined): Check[] =>
    atMost === undefined
      ? []
      : [
          {
            section,
            name: title,
            series: `sick-${id}/${series}`,
            measure: 'minutes',
            bar: { atMost },
            ...(REFERENCES[`${id}/${series}`] === undefined
              ? {}
              : { reference: REFERENCES[`${id}/${series}`]! }),
          },
        ];
  return [
    {
      section: 'sick pods, healthy canary: rolled back',
      name: title,
      series: `sick-${id}/aa/ours`,
      measure: 'share',
      bar: { atMost: 0.05 },
    },
    {
      section: 'sick pods, exactly on the safe margin: proven safe',
      name: title,
      series: `sick-${id}/margin/safe`,
      measure: 'share',
      bar: { atMost: 0.1 },
    },
    ...(promoted === undefined
      ? []
      : [
          {
            section: 'sick pods, healthy canary: promoted within 15 min through 5→20→50→100%',
            name: title,
            series: `sick-${id}-climb/aa/promoted15`,
            measure: 'proportion',
            bar: { atLeast: promoted },
          } as const,
        ]),
    ...minutes('sick pods, healthy canary: minutes until proven safe', 'aa/safe', safe),
    ...minutes('sick pods: minutes to find twice the errors', 'x2/ours', x2),
    ...minutes('sick pods: minutes to find ten times the errors', 'x10/ours', x10),
  ];
};

export const SICK_CHECKS: readonly Check[] = [...SICK_PODS, ...NOISES].flatMap(checksOf);

export function sickRows(summaries: Summaries): Row[] {
  const rows = [...SICK_PODS, ...NOISES].map(({ id, title, family }) => [
    title,
    shareCell(summaries, `sick-${id}/aa/ours`),
    bothCell(summaries, `sick-${id}/aa/safe`),
    shareCell(summaries, `sick-${id}/aa/safe15`, 'proportion'),
    shareCell(summaries, `sick-${id}/margin/safe`),
    family === undefined ? bothCell(summaries, `sick-${id}-climb/aa/promoted`) : '',
    minutesCell(summaries, `sick-${id}/x2/ours`),
    minutesCell(summaries, `sick-${id}/x10/ours`),
  ]);
  const head = [
    'stable pods',
    'healthy: rolled back',
    'proven safe',
    'within 15 min',
    'on the safe margin: proven safe',
    'healthy: promoted',
    '×2',
    '×10',
  ];
  return [head, ...rows];
}
