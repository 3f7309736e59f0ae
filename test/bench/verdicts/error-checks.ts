import type { Bar } from './chance.ts';
import type { Check } from './checks.ts';
import type { FamilyId } from './families.ts';
import { FAMILIES } from './families.ts';
import { FAMILY_IDS } from './groups.ts';
import { alarmsReference } from './references.ts';

/** The bars for error rates, with the results of an independent simulation of the design. */

const percent = (atMost: number): Bar => ({ atMost: atMost / 100 });

interface Sized {
  size: '19' | '4' | '4-young';
  title: string;
  /** ≤ percent, by family */
  bar: (family: FamilyId) => number | undefined;
}

/** Bars in percent of healthy releases that are rolled back within an hour of looks. */
const TIGHT: readonly FamilyId[] = ['bb3', 'bb10', 'nb5', 'ar3', 'mmpp'];

const fewPods = (family: FamilyId): number | undefined =>
  family === 'ar9' ? undefined : family === 'rare' ? 3.5 : 5;

const SIZES: readonly Sized[] = [
  {
    size: '19',
    title: '19 stable pods',
    bar: (family) => (['iid', 'shared'].includes(family) ? 1 : TIGHT.includes(family) ? 3 : 5),
  },
  { size: '4', title: '4 stable pods, 180 min of history', bar: fewPods },
  { size: '4-young', title: '4 stable pods, 60 min of history', bar: fewPods },
];

const falseAlarms: readonly Check[] = SIZES.flatMap(({ size, title, bar }) =>
  FAMILY_IDS.flatMap((family): Check[] => {
    const limit = bar(family);
    if (limit === undefined) return [];
    return [
      {
        section: `healthy, rolled back: ${title}`,
        name: FAMILIES[family].title,
        series: `${family}-${size}/aa/ours`,
        measure: 'share',
        bar: percent(limit),
        reference: alarmsReference(size, family),
      },
    ];
  }),
);

const busy: readonly Check[] = (['ar3', 'ar9', 'mmpp'] as const).map((family) => ({
  section: "healthy, rolled back: canary pod with 4× a stable pod's traffic",
  name: FAMILIES[family].title,
  series: `${family}-busy/aa/ours`,
  measure: 'share',
  bar: percent(6),
  reference: { ar3: '0.8%', ar9: '2.6%', mmpp: '5.2%' }[family],
}));

const others: readonly Check[] = [
  {
    section: 'healthy, rolled back: weights rise, errors of both arms drift',
    name: '5→20→50% of traffic, 0.5→1→2% errors',
    series: 'simpson/up/ours',
    measure: 'share',
    bar: percent(1),
    reference: '0.4%',
  },
  {
    section: 'healthy, rolled back: weights rise, errors of both arms drift',
    name: '5→20→50% of traffic, 2→1→0.5% errors',
    series: 'simpson/down/ours',
    measure: 'share',
    bar: percent(1),
    reference: '0.4%',
  },
  {
    section: 'exactly on the harm margin, rolled back',
    name: 'windows of a minute',
    series: 'iid-19/boundary/ours',
    measure: 'share',
    bar: percent(5),
    reference: '1.4%',
  },
  {
    section: 'exactly on the harm margin, rolled back',
    name: 'windows of 15 s',
    series: 'iid-15s/boundary/ours',
    measure: 'share',
    bar: percent(5),
    reference: '1.9%',
  },
  {
    section: 'healthy, rolled back: 19 stable pods, windows of 15 s',
    name: FAMILIES.iid.title,
    series: 'iid-15s/aa/ours',
    measure: 'share',
    bar: percent(1),
    reference: '0.4%',
  },
  ...(['bb3', 'ar3', 'mmpp'] as const).map((family) => ({
    section: 'healthy, rolled back: 19 stable pods, windows of 15 s',
    name: FAMILIES[family].title,
    series: `${family}-15s/aa/ours`,
    measure: 'share' as const,
    bar: percent(3),
    reference: family === 'mmpp' ? '2.9%' : '–',
  })),
];

const detection: readonly Check[] = [
  {
    section: 'minutes to find more errors',
    name: '×2 at 1%, 10 of 200 rps, windows of 15 s',
    series: 'iid-15s/x2/ours',
    measure: 'minutes',
    bar: { atMost: 3 },
    reference: '2.73 (bound 1.5–1.8, oracle 2.3)',
  },
  {
    section: 'minutes to find more errors',
    name: '×10, the same (bar: two windows)',
    series: 'iid-15s/x10/ours',
    measure: 'minutes',
    bar: { atMost: 0.5 },
    reference: '0.25',
  },
  {
    section: '×2 found within the hour',
    name: '×10 bursts of about 3 min, 2% a minute',
    series: 'mmpp-19/x2/ours',
    measure: 'share',
    bar: { atLeast: 0.97 },
    reference: '100%',
  },
  {
    section: '×2 found within the hour',
    name: 'beta-binomial minutes, φ 10',
    series: 'bb10-19/x2/ours',
    measure: 'share',
    bar: { atLeast: 0.94 },
    reference: '96%',
  },
];

const climbs: readonly Check[] = [
  {
    section: 'healthy, promoted through 5→20→50→100%',
    name: '200 rps',
    series: 'climb-200/aa/promoted',
    measure: 'share',
    bar: { atLeast: 0.99 },
    reference: '99.7%',
  },
  {
    section: 'minutes to promotion through 5→20→50→100%',
    name: '200 rps',
    series: 'climb-200/aa/promoted',
    measure: 'minutes',
    bar: { atMost: 8.5 },
    reference: '7.9',
  },
  {
    section: 'healthy, promoted through 5→20→50→100%',
    name: '20 rps, within the hour',
    series: 'climb-20/aa/promoted',
    measure: 'share',
    bar: { atLeast: 0.97 },
    reference: '99.0%',
  },
];

const safe: readonly Check[] = (
  [
    ['climb-200', '200 rps, 1% errors', '0%'],
    ['climb-20', '20 rps, 1% errors', '2.5%'],
    ['climb-20-kept', '20 rps, 1% errors, evidence kept through steps', '–'],
    ['climb-20-low', '20 rps, 0.1% errors', '2.3%'],
  ] as const
).map(([group, name, reference]) => ({
  section: 'exactly on the safe margin, promoted',
  name,
  series: `${group}/margin/promoted`,
  measure: 'share',
  bar: percent(10),
  reference,
}));

const coverage: readonly Check[] = (
  [
    ['iid-19', 'aa', 'ratio 1, independent errors'],
    ['iid-19', 'x2', 'ratio 2, independent errors'],
    ['bb10-19', 'aa', 'ratio 1, φ 10'],
  ] as const
).map(([group, effect, title]) => ({
  section: 'displayed interval holds the truth at all 60 looks',
  name: title,
  series: `${group}/${effect}/covered`,
  measure: 'proportion',
  bar: { atLeast: 0.95 },
  reference: group === 'iid-19' ? (effect === 'aa' ? '97%' : '98%') : '–',
}));

export const ERROR_CHECKS: readonly Check[] = [
  ...falseAlarms,
  ...busy,
  ...others,
  ...detection,
  ...climbs,
  ...safe,
  ...coverage,
];
