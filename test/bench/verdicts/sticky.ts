import type { Check } from './checks.ts';
import { minutesCell, shareCell } from './cells.ts';
import { errorGroup } from './errors.ts';
import type { Summaries } from './estimate.ts';
import type { Group } from './group.ts';
import type { Row } from './table.ts';
import type { Users } from './users.ts';

/** Users stay with a pod or a version, so the canary has the errors of its own users; 5% of them. */

const MANY: Users = { count: 20_000, zipf: 0.8, sd: 0.5, stay: 'pod' };
const FEW: Users = { count: 2000, zipf: 0.8, sd: 1, stay: 'pod' };

const KINDS: readonly { id: string; title: string; users: Users }[] = [
  { id: 'sticky-many', title: '20 000 users, much alike, each with one pod', users: MANY },
  { id: 'sticky-few', title: '2 000 users, very different, each with one pod', users: FEW },
  {
    id: 'sticky-few-version',
    title: '2 000 users, very different, each with one version',
    users: { ...FEW, stay: 'version' },
  },
];

export const STICKY_GROUPS: readonly Group[] = KINDS.map(({ id, users }) =>
  errorGroup({ id, service: { users }, effects: { aa: 1, x2: 2, x10: 10 }, sticky: true, share: 0.5 }),
);

export const STICKY_CHECKS: readonly Check[] = KINDS.map(({ id, title }) => ({
  section: 'healthy, rolled back: sticky users',
  name: title,
  series: `${id}/aa/ours`,
  measure: 'share',
  bar: { atMost: 0.05 },
}));

export function stickyRows(summaries: Summaries): Row[] {
  const rows = KINDS.map(({ id, title }) => [
    title,
    shareCell(summaries, `${id}/aa/ours`),
    minutesCell(summaries, `${id}/x2/ours`),
    minutesCell(summaries, `${id}/x10/ours`),
  ]);
  return [['', 'healthy: rolled back', '×2', '×10'], ...rows];
}
