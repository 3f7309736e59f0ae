import type { Check } from './checks.ts';
import { PLAIN } from './errors.ts';
import type { Summaries } from './estimate.ts';
import type { Group, Readings } from './group.ts';
import type { Row } from './table.ts';
import { minutesCell, shareCell } from './cells.ts';
import type { Factor, Service, StableTraffic } from './traffic.ts';
import { canaryTraffic, stableTraffic } from './traffic.ts';
import { errorNumbers, errorTemplate, learnt, Watch } from './watch.ts';

/**
 * A canary that is healthy until a minute, and then is not. Times count from that minute. A release that was
 * rolled back before is not counted: `early` tells how many were.
 */

export const STARTS = [0, 5, 20, 30, 40] as const;
export const LATE_SIZES = { x2: 2, x3: 3, x10: 10, x30: 30 } as const;
const LAST = STARTS[STARTS.length - 1]!;
const HOUR = 60;
const LEAK_START = 20;

interface Late {
  id: string;
  title: string;
  service?: Partial<Service>;
  share?: number;
}

export const LATES: readonly Late[] = [
  { id: 'late-19-15s', title: '19 stable pods, windows of 15 s', service: { tickSeconds: 15 }, share: 0.25 },
  {
    id: 'late-4-15s',
    title: '4 stable pods, windows of 15 s',
    service: { tickSeconds: 15, pods: 4, lookbackMinutes: 180 },
    share: 0.25,
  },
  {
    id: 'late-4-young-15s',
    title: '4 stable pods, an hour of history, windows of 15 s',
    service: { tickSeconds: 15, pods: 4 },
    share: 0.25,
  },
  { id: 'late-19', title: '19 stable pods, windows of a minute', share: 0.5 },
  {
    id: 'late-4',
    title: '4 stable pods, windows of a minute',
    service: { pods: 4, lookbackMinutes: 180 },
    share: 0.5,
  },
];

/** `times` as many errors from a minute on. */
const from =
  (start: number, times: number): Factor =>
  (minute) =>
    minute < start ? 1 : times;

/** The rate rises by the usual rate every minute. */
const leak: Factor = (minute) => 1 + Math.max(0, minute - LEAK_START);

interface Stage {
  service: Service;
  key: readonly (string | number)[];
  stable: StableTraffic;
}

function lateGroup({ id, service: change, share = 1 }: Late): Group {
  const service: Service = { ...PLAIN, ...change, minutes: LAST + HOUR };
  const template = errorTemplate(service.tickSeconds);
  return {
    id,
    share,
    run: (seed) => {
      const key = [id, seed];
      const stable = stableTraffic(service, key);
      const stage = { service, key, stable };
      const watch = new Watch(template, seed).from(learnt(template, seed, stable.history));
      const readings: Readings = {};
      let now = 0;
      for (const start of STARTS) {
        // the streams before a start are those of a healthy canary, whatever comes after
        if (first(stage, { watch, effect: 1, from: now, to: start }) < Infinity) {
          readings['early'] = 1;
          return readings;
        }
        now = start;
        for (const [name, times] of Object.entries(LATE_SIZES))
          readings[`${name}-${start}/ours`] = found(stage, { watch, effect: from(start, times), start });
        if (start === LEAK_START) readings['leak/ours'] = found(stage, { watch, effect: leak, start });
      }
      readings['early'] = 0;
      return readings;
    },
  };
}

function found(
  stage: Stage,
  { watch, effect, start }: { watch: Watch; effect: Factor; start: number },
): number {
  return first(stage, { watch: watch.fork(), effect, from: start, to: start + HOUR }) - start;
}

interface Part {
  watch: Watch;
  effect: Factor | 1;
  /** minutes of the release */
  from: number;
  to: number;
}

/** The minute of the first rollback in a part of the release. */
function first({ service, key, stable }: Stage, { watch, effect, from: begin, to }: Part): number {
  const canary = canaryTraffic(service, key, effect);
  const perMinute = 60 / service.tickSeconds;
  for (let tick = begin * perMinute; tick < to * perMinute; tick++) {
    const numbers = errorNumbers({ canary: canary[tick]!, stable: stable.live[tick]! });
    if (watch.look(numbers).result === 'fail') return (tick + 1) / perMinute;
  }
  return Infinity;
}

export const LATE_GROUPS: readonly Group[] = LATES.map(lateGroup);

const SECTION = 'minutes to find errors that begin late';

/** 1% → 30% errors from minute 20: prototypes gave 1.6 min with 19 pods, 2.5 with 4. */
const catastrophe = (id: string, name: string, atMost: number, reference: string): Check => ({
  section: SECTION,
  name: `30% errors from minute 20, ${name}`,
  series: `${id}/x30-20/ours`,
  measure: 'minutes',
  bar: { atMost },
  reference,
});

/**
 * In windows of 15 s there are 240 starts in an hour to bet on, which costs more evidence; with an hour of few pods a veto has
 * to outlast usual bursts.
 */
const RATIOS = [
  ['late-19', 'x3', 1.5],
  ['late-19', 'x10', 1.5],
  ['late-19-15s', 'x3', 2],
  ['late-19-15s', 'x10', 1.5],
  ['late-4', 'x3', 2],
] as const;

const ratios: readonly Check[] = RATIOS.map(([id, size, atMost]) => ({
  section: 'errors that begin at minute 30: time to find them, in times of the same from the start',
  name: `×${LATE_SIZES[size]}, ${LATES.find((late) => late.id === id)?.title ?? id}`,
  series: `${id}/${size}-30/ours`,
  per: `${id}/${size}-0/ours`,
  measure: 'minutes',
  bar: { atMost },
}));

export const LATE_CHECKS: readonly Check[] = [
  catastrophe('late-19-15s', '19 stable pods, windows of 15 s', 1.6, '1.6'),
  catastrophe('late-4-15s', '4 stable pods, windows of 15 s', 2.5, '2.5'),
  catastrophe('late-4-young-15s', '4 stable pods, an hour of history, windows of 15 s', 2.5, '2.5'),
  {
    section: SECTION,
    name: '×2 from minute 20, 19 stable pods, windows of a minute',
    series: 'late-19/x2-20/ours',
    measure: 'minutes',
    bar: { atMost: 7.6 },
    reference: '6.9',
  },
  ...ratios,
  ...LATES.map(({ id, title }): Check => ({
    section: 'healthy for 40 minutes, rolled back before errors begin',
    name: title,
    series: `${id}/early`,
    measure: 'proportion',
    bar: { atMost: 0.05 },
  })),
];

/** Mean minutes from the start of the errors until rollback. */
export function lateRows(summaries: Summaries): Row[] {
  const rows = LATES.flatMap(({ id, title }) => [
    ...Object.entries(LATE_SIZES).map(([name, times]) => [
      title,
      `×${times}`,
      ...STARTS.map((start) => minutesCell(summaries, `${id}/${name}-${start}/ours`)),
    ]),
    [
      title,
      'leak',
      ...STARTS.map((start) => (start === LEAK_START ? minutesCell(summaries, `${id}/leak/ours`) : '')),
    ],
    [title, 'rolled back before', shareCell(summaries, `${id}/early`, 'proportion'), '', '', '', ''],
  ]);
  return [['', 'errors', ...STARTS.map((start) => `from minute ${start}`)], ...rows];
}
