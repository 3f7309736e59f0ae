import type { Check } from './checks.ts';
import { minutesCell, shareCell } from './cells.ts';
import { errorGroup } from './errors.ts';
import type { Summaries } from './estimate.ts';
import type { Group } from './group.ts';
import type { Row } from './table.ts';
import type { Factor } from './traffic.ts';

/** One broken canary pod among several. */

const SIZES = [4, 10] as const;
const ALL = 20;

const one =
  (times: number): Factor =>
  (_, pod) =>
    pod === 0 ? times : 1;

export const ONE_OF_GROUPS: readonly Group[] = SIZES.map((canaryPods) =>
  errorGroup({
    id: `one-of-${canaryPods}`,
    service: { canaryPods, pods: ALL - canaryPods },
    effects: { aa: 1, x5: one(5), x10: one(10) },
    share: 0.5,
  }),
);

const found = (of: number, atMost: number, reference: string): Check => ({
  section: 'minutes to find one broken canary pod',
  name: `one of ${of} has ×10`,
  series: `one-of-${of}/x10/ours`,
  measure: 'minutes',
  bar: { atMost },
  reference,
});

export const ONE_OF_CHECKS: readonly Check[] = [
  found(4, 2.6, '2.4'),
  found(10, 3.3, '3.0'),
  ...SIZES.map((of): Check => ({
    section: 'healthy, rolled back: several canary pods',
    name: `${of} canary pods of ${ALL}`,
    series: `one-of-${of}/aa/ours`,
    measure: 'share',
    bar: { atMost: 0.01 },
  })),
];

export function oneOfRows(summaries: Summaries): Row[] {
  const rows = SIZES.map((of) => [
    `${of} of ${ALL}`,
    shareCell(summaries, `one-of-${of}/aa/ours`),
    minutesCell(summaries, `one-of-${of}/x5/ours`),
    minutesCell(summaries, `one-of-${of}/x10/ours`),
  ]);
  return [['canary pods', 'healthy: rolled back', 'one has ×5', 'one has ×10'], ...rows];
}
