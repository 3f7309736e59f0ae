import type { Check } from './checks.ts';
import { bothCell, minutesCell, shareCell } from './cells.ts';
import { errorGroup } from './errors.ts';
import type { Summaries } from './estimate.ts';
import type { Group } from './group.ts';
import type { Row } from './table.ts';

/** Services with a request a second, or one in ten seconds, which arrive at random. */

const LOADS = [
  { id: '1-10', title: '1 rps, 10% canary', canaryPods: 1, pods: 9, podRps: 0.1 },
  { id: '1-50', title: '1 rps, 50% canary', canaryPods: 4, pods: 4, podRps: 0.125 },
  { id: '01-50', title: '0.1 rps, 50% canary', canaryPods: 4, pods: 4, podRps: 0.0125 },
] as const;

const WINDOWS = [
  { suffix: '-15s', window: '15 s', tickSeconds: 15 },
  { suffix: '', window: 'a minute', tickSeconds: 60 },
] as const;

const QUIET = LOADS.flatMap(({ id, title, ...pods }) =>
  WINDOWS.map(({ suffix, window, tickSeconds }) => ({
    id: `quiet-${id}${suffix}`,
    title,
    window,
    service: { ...pods, canaryPodRps: pods.podRps, tickSeconds },
  })),
);

export const QUIET_GROUPS: readonly Group[] = QUIET.map(({ id, service }) =>
  errorGroup({
    id,
    service: { ...service, arrivals: 'random' },
    effects: { aa: 1, x10: 10, x20: 20, x100: 100 },
    safe: ['aa'],
    share: 0.25,
  }),
);

const FOUND = [
  ['01-50-15s/x20', '20% errors, 0.1 rps, windows of 15 s', 21, '20.5'],
  ['01-50/x20', '20% errors, 0.1 rps, windows of a minute', 21, '20.5'],
  ['01-50-15s/x100', '100% errors, 0.1 rps, windows of 15 s', 4.6, '4.2'],
] as const;

export const QUIET_CHECKS: readonly Check[] = [
  ...FOUND.map(([series, name, atMost, reference]): Check => ({
    section: 'minutes to find errors of a quiet service',
    name,
    series: `quiet-${series}/ours`,
    measure: 'minutes',
    bar: { atMost },
    reference,
  })),
  ...QUIET.map(({ id, title, window }): Check => ({
    section: 'healthy, rolled back: quiet services',
    name: `${title}, windows of ${window}`,
    series: `${id}/aa/ours`,
    measure: 'share',
    bar: { atMost: 0.05 },
  })),
];

export function quietRows(summaries: Summaries): Row[] {
  const rows = QUIET.map(({ id, title, window }) => [
    title,
    window,
    shareCell(summaries, `${id}/aa/ours`),
    bothCell(summaries, `${id}/aa/safe`),
    ...['x10', 'x20', 'x100'].map((effect) => minutesCell(summaries, `${id}/${effect}/ours`)),
  ]);
  const head = ['traffic', 'windows', 'healthy: rolled back', 'proven safe', '10% errors', '20%', '100%'];
  return [head, ...rows];
}
