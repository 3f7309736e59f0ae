import type { Summaries } from './estimate.ts';
import { MEASURES } from './estimate.ts';
import { PLAIN } from './errors.ts';
import type { FamilyId } from './families.ts';
import { LOADS } from './groups.ts';
import { STARTS } from './late.ts';
import { SICK_PODS } from './sick.ts';
import type { Colour, Line, Point } from './svg.ts';
import { barChart, lineChart } from './svg.ts';
import { canaryTraffic, stableTraffic } from './traffic.ts';
import { errorNumbers, errorTemplate, learnt, Watch } from './watch.ts';

/** The pictures of the documents, by file name. */
export function pictures(summaries: Summaries): Record<string, string> {
  return {
    'verdicts-false-alarms.svg': falseAlarms(summaries),
    'verdicts-detection.svg': detection(summaries),
    'verdicts-evidence.svg': evidence(),
    'verdicts-late.svg': late(summaries),
    'verdicts-sick.svg': sick(summaries),
  };
}

const SHOWN: readonly (readonly [FamilyId, string])[] = [
  ['iid', 'independent'],
  ['bb10', 'noisy minutes'],
  ['ar3', 'wandering'],
  ['ar9', 'slow wandering'],
  ['mmpp', '×10 bursts'],
  ['shared', 'incidents'],
  ['podfx', 'pods differ'],
];

const METHODS: readonly (readonly [method: string, title: string, colour: Colour])[] = [
  ['flagger', 'success ≥ 99%', 'red'],
  ['z', 'z each minute', 'orange'],
  ['mannWhitney', 'Mann–Whitney each minute', 'violet'],
  ['kayenta', 'Kayenta each minute', 'grey'],
  ['ours', 'Sluice', 'blue'],
];

function falseAlarms(summaries: Summaries): string {
  const share = (name: string): number => {
    const summary = summaries[name];
    return summary === undefined ? NaN : 100 * MEASURES.share(summary).value;
  };
  return barChart(
    'Healthy releases rolled back within an hour, percent',
    'Bars per kind of noise and method. Sluice rolls back about five percent at worst; rules that look every minute far more.',
    {
      y: {
        title: '% of healthy releases',
        min: 0,
        max: 108,
        ticks: [0, 25, 50, 75, 100].map((value) => [value, String(value)] as const),
      },
      groups: SHOWN.map(([, title]) => title),
      bars: METHODS.map(([method, title, colour]) => ({
        title,
        colour,
        values: SHOWN.map(([family]) => share(`${family}-19/aa/${method}`)),
      })),
      write: (value) => (value >= 10 ? value.toFixed(0) : value.toFixed(1)),
    },
  );
}

const SIZES = [1.5, 2, 3, 5, 10] as const;
const LOAD_COLOURS: readonly Colour[] = ['orange', 'blue', 'green', 'violet', 'red'];

function detection(summaries: Summaries): string {
  const loads = [{ id: 'iid-15s', canaryRps: 10, rate: 0.01 }, ...LOADS];
  const lines = loads.map(({ id, canaryRps, rate }, i): Line => {
    const points = SIZES.flatMap((size): Point[] => {
      const summary = summaries[`${id}/x${size}/ours`];
      // if less than half were found, a mean over an hour says nothing about time
      if (summary === undefined || MEASURES.share(summary).value < 0.5) return [];
      return [{ x: size, y: MEASURES.minutes(summary).value }];
    });
    const title = `${canaryRps} rps, ${rate * 100}%`;
    return { title, colour: LOAD_COLOURS[i] ?? 'grey', points, dashed: rate < 0.01 };
  });
  return lineChart(
    'How soon more errors are found',
    'Mean minutes until rollback by how many times more errors the canary has, for several rates of canary requests and usual errors. Both axes are logarithmic.',
    {
      x: {
        title: 'times more errors than stable',
        min: 1.4,
        max: 11,
        log: true,
        ticks: SIZES.map((size) => [size, `×${size}`] as const),
      },
      y: {
        title: 'mean minutes until rollback (canary requests per second, usual errors)',
        min: 0.2,
        max: 60,
        log: true,
        ticks: [0.25, 0.5, 1, 2, 5, 10, 30, 60].map((value) => [value, String(value)] as const),
      },
      lines,
    },
  );
}

const LATE_LINES: readonly (readonly [series: string, title: string, colour: Colour])[] = [
  ['x2', 'twice the errors', 'orange'],
  ['x3', '×3', 'green'],
  ['x10', '×10', 'blue'],
  ['x30', '30% errors', 'red'],
];

function late(summaries: Summaries): string {
  const pods = [
    { id: 'late-19-15s', suffix: '', dashed: false },
    { id: 'late-4-15s', suffix: ', 4 stable pods', dashed: true },
  ];
  const lines = pods.flatMap(({ id, suffix, dashed }) =>
    LATE_LINES.map(([size, title, colour]): Line => {
      const points = STARTS.flatMap((start): Point[] => {
        const summary = summaries[`${id}/${size}-${start}/ours`];
        return summary === undefined ? [] : [{ x: start, y: MEASURES.minutes(summary).value }];
      });
      return { title: `${title}${suffix}`, colour, points, dashed };
    }),
  );
  return lineChart(
    'How soon errors are found that begin late',
    'Mean minutes from the first bad minute until rollback, by the minute of the release in which errors begin, for 19 and for 4 stable pods.',
    {
      x: {
        title: 'minute of the release in which errors begin',
        min: 0,
        max: STARTS.at(-1)!,
        ticks: STARTS.map((start) => [start, String(start)] as const),
      },
      y: {
        title: 'mean minutes until rollback; 10 requests per second on the canary, 1% usual errors',
        min: 0.2,
        max: 20,
        log: true,
        ticks: [0.25, 0.5, 1, 2, 5, 10, 20].map((value) => [value, String(value)] as const),
      },
      lines,
    },
  );
}

const SICK_BARS: readonly (readonly [series: string, title: string, colour: Colour])[] = [
  ['-climb/aa/promoted', 'healthy release promoted', 'green'],
  ['/x2/ours', 'twice the errors rolled back', 'orange'],
  ['/x10/ours', '×10 rolled back', 'red'],
];

function sick(summaries: Summaries): string {
  const minutes = (name: string): number => {
    const summary = summaries[name];
    return summary === undefined ? NaN : MEASURES.minutes(summary).value;
  };
  return barChart(
    'One sick stable pod of 19: mean minutes until the verdict',
    'Bars per history of the stable pods: how long until a healthy release is promoted and until bad canaries are rolled back; an hour is the most that is measured.',
    {
      y: {
        title: 'minutes; 60: not within the hour',
        min: 0,
        max: 64,
        ticks: [0, 15, 30, 45, 60].map((value) => [value, String(value)] as const),
      },
      groups: SICK_PODS.map(({ short }) => short),
      bars: SICK_BARS.map(([series, title, colour]) => ({
        title,
        colour,
        values: SICK_PODS.map(({ id }) => minutes(`sick-${id}${series}`)),
      })),
      write: (value) => (value >= 10 ? value.toFixed(0) : value.toFixed(1)),
    },
  );
}

const PATHS = 5;
const PATH_MINUTES = 20;
const BAR = 20;

/** Evidence of harm in a few releases, as a user sees it. */
function evidence(): string {
  const service = { ...PLAIN, tickSeconds: 15, minutes: PATH_MINUTES };
  const template = errorTemplate(service.tickSeconds);
  const path = (seed: number, effect: number): Point[] => {
    const stable = stableTraffic(service, ['paths', seed]);
    const watch = new Watch(template, seed).from(learnt(template, seed, stable.history));
    const points: Point[] = [{ x: 0, y: 1 }];
    for (const [tick, canary] of canaryTraffic(service, ['paths', seed], effect).entries()) {
      const { numbers, result } = watch.look(errorNumbers({ canary, stable: stable.live[tick]! }));
      points.push({ x: (tick + 1) / 4, y: numbers['evidence'] ?? 1 });
      if (result === 'fail') break;
    }
    return points;
  };
  const seeds = Array.from({ length: PATHS }, (_, i) => i + 1);
  const lines: Line[] = [
    ...seeds.map((seed): Line => ({ title: 'healthy', colour: 'blue', points: path(seed, 1) })),
    ...seeds.map((seed): Line => ({ title: 'twice the errors', colour: 'red', points: path(seed, 2) })),
    {
      title: 'bar: rolled back',
      colour: 'grey',
      dashed: true,
      points: [
        { x: 0, y: BAR },
        { x: PATH_MINUTES, y: BAR },
      ],
    },
  ];
  return lineChart(
    'Evidence of harm, looked at every 15 seconds',
    'Five healthy releases whose evidence sinks or idles below the bar, and five with twice the errors whose evidence reaches the bar of 20 within minutes.',
    {
      x: {
        title: 'minutes; 10 requests per second on the canary, 1% errors',
        min: 0,
        max: PATH_MINUTES,
        ticks: [0, 5, 10, 15, 20].map((value) => [value, String(value)] as const),
      },
      y: {
        title: 'evidence',
        min: 0.02,
        max: 100,
        log: true,
        ticks: [0.1, 1, 10, 20, 100].map((value) => [value, String(value)] as const),
      },
      lines,
    },
  );
}
