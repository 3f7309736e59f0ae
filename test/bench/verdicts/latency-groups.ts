import type { Check } from './checks.ts';
import type { Group } from './group.ts';
import { latencyGroup } from './latency.ts';
import type { Slowness } from './latency-traffic.ts';

/** The simulations of latency, and their bars. */

const EFFECTS: Readonly<Record<string, Slowness>> = {
  aa: {},
  margin: { factor: 1.1 },
  'x1.2': { factor: 1.2 },
  'x1.3': { factor: 1.3 },
  'x1.5': { factor: 1.5 },
  x2: { factor: 2 },
  stuck1: { stuck: 0.01 },
  stuck2: { stuck: 0.02 },
};

const LAYOUTS = ['classic', 'native'] as const;
const CALM = { drift: false, bursts: false };

export const LATENCY_GROUPS: readonly Group[] = LAYOUTS.flatMap((layout) => [
  latencyGroup({ id: `latency-${layout}`, service: { ...CALM, layout }, effects: EFFECTS, share: 0.5 }),
  latencyGroup({
    id: `latency-${layout}-drift`,
    service: { ...CALM, layout, drift: true },
    effects: { aa: {}, 'x1.3': { factor: 1.3 } },
    share: 0.5,
  }),
  latencyGroup({
    id: `latency-${layout}-bursts`,
    service: { ...CALM, layout, bursts: true },
    effects: EFFECTS,
    share: 0.5,
  }),
]);

const NAMES = { classic: 'classic buckets', native: 'native histogram' } as const;
/** Minutes from the design's own simulation. */
const REFERENCE = {
  classic: { 'x1.3': '2.2', stuck1: '4.1' },
  native: { 'x1.3': '2.1', stuck1: '5.4' },
} as const;

export const LATENCY_CHECKS: readonly Check[] = LAYOUTS.flatMap((layout): Check[] => [
  healthy(layout, '', { percent: 0.5, reference: '0%' }),
  healthy(layout, '-drift', { percent: 0.5, reference: '0%' }),
  healthy(layout, '-bursts', { percent: 1, reference: layout === 'native' ? '0.5%' : '–' }),
  found(layout, 'x1.3', { title: '×1.3', atMost: 3, reference: REFERENCE[layout]['x1.3'] }),
  found(layout, 'stuck1', {
    title: '1% of requests take 1.5 s longer',
    atMost: 6,
    reference: REFERENCE[layout].stuck1,
  }),
  {
    section: 'minutes to find slower requests',
    name: `×1.5 under slow bursts, ${NAMES[layout]}`,
    series: `latency-${layout}-bursts/x1.5/ours`,
    measure: 'minutes',
    bar: { atMost: 6 },
    reference: layout === 'native' ? '4.5' : '–',
  },
]);

type Layout = (typeof LAYOUTS)[number];

function healthy(
  layout: Layout,
  suffix: '' | '-drift' | '-bursts',
  { percent, reference }: { percent: number; reference: string },
): Check {
  const what = { '': 'calm', '-drift': 'both arms swing by 50%', '-bursts': 'slow bursts of pods' };
  return {
    section: 'healthy, rolled back: latency',
    name: `${what[suffix]}, ${NAMES[layout]}`,
    series: `latency-${layout}${suffix}/aa/ours`,
    measure: 'share',
    bar: { atMost: percent / 100 },
    reference,
  };
}

function found(
  layout: Layout,
  effect: 'x1.3' | 'stuck1',
  { title, atMost, reference }: { title: string; atMost: number; reference: string },
): Check {
  return {
    section: 'minutes to find slower requests',
    name: `${title}, ${NAMES[layout]}`,
    series: `latency-${layout}/${effect}/ours`,
    measure: 'minutes',
    bar: { atMost },
    reference,
  };
}
