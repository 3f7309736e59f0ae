import type { Check } from './checks.ts';
import { shareCell } from './cells.ts';
import { errorGroup, PLAIN } from './errors.ts';
import type { Summaries } from './estimate.ts';
import type { FamilyId } from './families.ts';
import { FAMILIES } from './families.ts';
import type { Group } from './group.ts';
import type { Row } from './table.ts';
import { canaryTraffic, stableTraffic } from './traffic.ts';
import type { ErrorNumbers } from './watch.ts';
import { errorNumbers, errorTemplate, learntAll, Watch } from './watch.ts';

/** Six metrics at once, incidents of both arms, and names of pods that end alike. */

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
const NOISES: readonly FamilyId[] = ['iid', 'mmpp', 'ar9'];

const KINDS = [
  { id: 'independent', title: 'six metrics, each with errors of its own', streams: 6 },
  { id: 'same', title: 'six metrics of the same errors', streams: 1 },
] as const;

interface Six {
  id: string;
  family: FamilyId;
  /** how many of the six metrics see errors of their own */
  streams: number;
}

/** When would a healthy canary have been rolled back because of any of six metrics? */
function sixGroup({ id, family, streams }: Six): Group {
  const service = { ...PLAIN, family: FAMILIES[family] };
  const template = errorTemplate(service.tickSeconds, { names: NAMES });
  return {
    id,
    share: 0.25,
    run: (seed) => {
      const traffic = NAMES.slice(0, streams).map((name) => {
        const key = [id, seed, name];
        return { stable: stableTraffic(service, key), canary: canaryTraffic(service, key, 1) };
      });
      const all = NAMES.map((name, i) => [name, traffic[i % streams]!] as const);
      const histories = Object.fromEntries(all.map(([name, { stable }]) => [name, stable.history]));
      const watch = new Watch(template, seed).from(learntAll(template, seed, histories));
      for (let minute = 0; minute < service.minutes; minute++) {
        const numbers = all.map(([name, { stable, canary }]): [string, ErrorNumbers] => [
          name,
          errorNumbers({ canary: canary[minute]!, stable: stable.live[minute]! }),
        ]);
        if (watch.lookAt(Object.fromEntries(numbers)).result === 'fail') return { 'aa/ours': minute + 1 };
      }
      return { 'aa/ours': Infinity };
    },
  };
}

const SIX = KINDS.flatMap(({ id, title, streams }) =>
  NOISES.map((family) => ({
    id: `six-${id}-${family}`,
    title: `${title}, ${FAMILIES[family].title}`,
    family,
    streams,
  })),
);

const OUTAGE = { from: 10, to: 20, errors: 0.1 };

export const SEVERAL_GROUPS: readonly Group[] = [
  ...SIX.map(sixGroup),
  errorGroup({
    id: 'outage',
    service: { outage: (minute) => (minute >= OUTAGE.from && minute < OUTAGE.to ? OUTAGE.errors : 0) },
    effects: { aa: 1, x2: 2 },
    share: 0.5,
  }),
  errorGroup({
    id: 'names-port',
    service: { names: 'port' },
    effects: { aa: 1, x2: 2, x10: 10 },
    share: 0.25,
  }),
];

/** Where one metric is at its bar by itself, six of them with errors of their own are above it: shown, without a bar. */
const UNBARRED = 'six-independent-ar9';

export const SEVERAL_CHECKS: readonly Check[] = [
  ...SIX.filter(({ id }) => id !== UNBARRED).map(({ id, title }): Check => ({
    section: 'healthy, rolled back because of any of six metrics',
    name: title,
    series: `${id}/aa/ours`,
    measure: 'share',
    bar: { atMost: 0.05 },
  })),
  {
    section: 'healthy, rolled back: 10% more errors in both arms for 10 minutes',
    name: 'independent errors',
    series: 'outage/aa/ours',
    measure: 'share',
    bar: { atMost: 0.01 },
    reference: '0.5%',
  },
  ...(
    [
      ['x2', 3.7, '3.3'],
      ['x10', 1.1, '1.0'],
    ] as const
  ).map(([effect, atMost, reference]): Check => ({
    section: 'minutes to find more errors: all names of pods end in the same port',
    name: `×${effect.slice(1)}`,
    series: `names-port/${effect}/ours`,
    measure: 'minutes',
    bar: { atMost },
    reference,
  })),
];

export function severalRows(summaries: Summaries): Row[] {
  return [
    ['metrics', ...NOISES],
    ...KINDS.map(({ id, title }) => [
      title,
      ...NOISES.map((family) => shareCell(summaries, `six-${id}-${family}/aa/ours`)),
    ]),
  ];
}
