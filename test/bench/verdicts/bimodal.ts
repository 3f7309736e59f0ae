import type { Check } from './checks.ts';
import { bothCell, minutesCell, shareCell } from './cells.ts';
import type { Summaries } from './estimate.ts';
import type { Group } from './group.ts';
import { latencyGroup } from './latency.ts';
import type { Row } from './table.ts';

/** Latency without pods: answers from a cache and others, and small changes seen through coarse buckets. */

const LAYOUTS = ['classic', 'native'] as const;
const CALM = { drift: false, bursts: false };
const INSIDE = { 'x1.05': { factor: 1.05 }, 'x1.08': { factor: 1.08 }, 'x1.1': { factor: 1.1 } } as const;

const MODES = [
  { id: '95', title: '95% 5 ms, 5% 200 ms', slowMode: 0.05 },
  { id: '90', title: '90% 5 ms, 10% 200 ms', slowMode: 0.1 },
] as const;

const BIMODAL = MODES.flatMap(({ id, title, slowMode }) =>
  LAYOUTS.map((layout) => ({
    id: `bimodal-${id}-${layout}`,
    title: `${title}, ${layout}`,
    layout,
    slowMode,
  })),
);

export const BIMODAL_GROUPS: readonly Group[] = [
  ...BIMODAL.map(({ id, layout, slowMode }) =>
    latencyGroup({
      id,
      service: { ...CALM, layout, slowMode },
      effects: { aa: {}, margin: { slower: 1.25 }, x2: { slower: 2 } },
      safe: ['aa', 'margin'],
      byPod: false,
      share: 0.25,
    }),
  ),
  ...LAYOUTS.map((layout) =>
    latencyGroup({
      id: `inside-${layout}`,
      service: { ...CALM, layout },
      effects: { aa: {}, ...INSIDE },
      safe: ['aa'],
      byPod: false,
      share: 0.25,
    }),
  ),
];

export const BIMODAL_CHECKS: readonly Check[] = [
  ...BIMODAL.flatMap(({ id, title }): Check[] => [
    {
      section: 'latency of two modes, healthy: proven safe within the hour',
      name: title,
      series: `${id}/aa/safe`,
      measure: 'share',
      bar: { atLeast: 0.98 },
      ...(id === 'bimodal-95-native' ? { reference: '100%' } : {}),
    },
    {
      section: 'latency of two modes, healthy: rolled back',
      name: title,
      series: `${id}/aa/ours`,
      measure: 'share',
      bar: { atMost: 0.01 },
    },
  ]),
  // With 10% slow requests no quantile lies between the modes, so more of them is not slower by any limit.
  ...BIMODAL.filter(({ id }) => id.startsWith('bimodal-95')).map(({ id, title }): Check => ({
    section: 'latency of two modes, 1.25 × as many slow requests: proven safe',
    name: title,
    series: `${id}/margin/safe`,
    measure: 'share',
    bar: { atMost: 0.1 },
    ...(id === 'bimodal-95-native' ? { reference: '9.7%' } : {}),
  })),
  ...LAYOUTS.flatMap((layout) =>
    Object.keys(INSIDE).map((effect): Check => ({
      section: 'latency within the margin, rolled back',
      name: `×${effect.slice(1)}, ${layout}`,
      series: `inside-${layout}/${effect}/ours`,
      measure: 'share',
      bar: { atMost: 0.05 },
    })),
  ),
];

export function bimodalRows(summaries: Summaries): Row[] {
  const rows = BIMODAL.map(({ id, title }) => [
    title,
    shareCell(summaries, `${id}/aa/ours`),
    bothCell(summaries, `${id}/aa/safe`),
    shareCell(summaries, `${id}/margin/safe`),
    minutesCell(summaries, `${id}/x2/ours`),
  ]);
  const head = [
    'requests',
    'healthy: rolled back',
    'proven safe',
    '1.25 × as many slow: proven safe',
    'twice as many slow: found',
  ];
  return [head, ...rows];
}
