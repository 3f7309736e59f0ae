import type { Check } from './checks.ts';
import { minutesCell, shareCell } from './cells.ts';
import { errorGroup } from './errors.ts';
import type { Summaries } from './estimate.ts';
import type { Group } from './group.ts';
import type { Row } from './table.ts';
import type { Factor } from './traffic.ts';

/** A canary whose first requests fail more often; in its first minute the judge is told that it is cold. */

const WARM_UP_MINUTES = 1;

/** `times` the errors until the end of the warm-up, then less and less of them, with a time constant in minutes. */
const decaying =
  (times: number, tau: number): Factor =>
  (minute) =>
    1 + (times - 1) * Math.exp(-Math.max(0, minute - WARM_UP_MINUTES) / tau);

/** The same, from the first request on. */
const decayingAtOnce =
  (times: number, tau: number): Factor =>
  (minute) =>
    1 + (times - 1) * Math.exp(-minute / tau);

const EFFECTS = {
  aa: 1,
  cold3: decaying(3, 1),
  cold4: decaying(4, 3),
  cold10: decayingAtOnce(10, 0.5),
  x2: 2,
  x30: 30,
} as const;

const WINDOWS = [
  { id: 'slow-start-15s', title: '15 s', tickSeconds: 15 },
  { id: 'slow-start', title: 'a minute', tickSeconds: 60 },
] as const;

export const SLOW_START_GROUPS: readonly Group[] = WINDOWS.map(({ id, tickSeconds }) =>
  errorGroup({
    id,
    service: { tickSeconds },
    effects: EFFECTS,
    warmUpMinutes: WARM_UP_MINUTES,
    share: 0.25,
  }),
);

export const SLOW_START_CHECKS: readonly Check[] = WINDOWS.flatMap(({ id, title, tickSeconds }): Check[] => [
  {
    section: 'slow start, rolled back',
    name: `×3 after the warm-up, τ 1 min, windows of ${title}`,
    series: `${id}/cold3/ours`,
    measure: 'share',
    bar: { atMost: 0.05 },
  },
  {
    section: 'slow start, rolled back',
    name: `healthy, windows of ${title}`,
    series: `${id}/aa/ours`,
    measure: 'share',
    bar: { atMost: 0.05 },
  },
  {
    section: 'minutes to find 30% errors from the first request on (bar: two windows)',
    name: `windows of ${title}`,
    series: `${id}/x30/ours`,
    measure: 'minutes',
    bar: { atMost: (2 * tickSeconds) / 60 },
  },
]);

export function slowStartRows(summaries: Summaries): Row[] {
  const rows = WINDOWS.map(({ id, title }) => [
    title,
    ...(['aa', 'cold3', 'cold4', 'cold10'] as const).map((name) =>
      shareCell(summaries, `${id}/${name}/ours`),
    ),
    ...(['x2', 'x30'] as const).map((name) => minutesCell(summaries, `${id}/${name}/ours`)),
  ]);
  const head = [
    'windows',
    'healthy: rolled back',
    '×3 after the warm-up, τ 1 min',
    '×4 after the warm-up, τ 3 min',
    '×10 at first, τ 30 s',
    '×2 for good: found',
    '30% errors for good: found',
  ];
  return [head, ...rows];
}
