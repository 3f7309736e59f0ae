import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Measurement } from '../../../api/analysis.ts';
import {
  errorRateMetric,
  labelled,
  series,
  template,
  VARIABLES,
  WINDOW,
} from '../../../test/support/measure-objects.ts';
import { prometheus } from '../../../test/support/told-prometheus.ts';
import { measure } from '../measure.ts';
import type { Series } from './answer.ts';
import type { PrometheusClient } from './client.ts';
import { endpointOver } from './endpoint.ts';

/** Short ranges must count what the whole lookback counts: they are only cheaper. */

const SCRAPES = 22;
const FIRST_S = WINDOW.endMs / 1000 - 300;

/** What one scrape of a target shows of one series. */
const shown = fc.constantFrom<'counts' | 'restarts' | 'missing'>(
  'counts',
  'counts',
  'counts',
  'restarts',
  'missing',
);

/** A target that is scraped every 15 s; `from`: its first scrape. */
const target = fc.record({
  from: fc.constantFrom(0, 0, 0, 10, SCRAPES - 2, SCRAPES - 1),
  gaps: fc.array(fc.integer({ min: 0, max: SCRAPES }), { maxLength: 12 }),
  series: fc.array(fc.array(shown, { minLength: SCRAPES, maxLength: SCRAPES }), {
    minLength: 2,
    maxLength: 2,
  }),
});

interface Target {
  from: number;
  gaps: number[];
  series: ('counts' | 'restarts' | 'missing')[][];
}

function seriesOf({ from, gaps, series: all }: Target, instance: string): [all: Series, bad: Series] {
  const up = Array.from({ length: SCRAPES }, (_, i) => i >= from && !gaps.includes(i));
  const [total, bad] = all.map((scrapes) => {
    let value = 1000;
    const samples = scrapes.flatMap((what, i) => {
      value = what === 'restarts' ? i : value + 7;
      return up[i] === true && what !== 'missing' ? [`${FIRST_S + 15 * i}:${value}`] : [];
    });
    return series([instance, ...samples].join(' '));
  });
  if (total === undefined || bad === undefined) throw new Error('two series');
  return [total, bad];
}

const upOf = ({ from, gaps }: Target, instance: string): Series =>
  series(
    [
      instance,
      ...Array.from(
        { length: SCRAPES },
        (_, i) => `${FIRST_S + 15 * i}:${i >= from && !gaps.includes(i) ? 1 : 0}`,
      ),
    ].join(' '),
  );

function told(canary: Target, stable: Target): PrometheusClient & { asked: string[] } {
  const [canaryAll, canaryBad] = seriesOf(canary, 'c');
  const [stableAll, stableBad] = seriesOf(stable, 's');
  const some = (one: Series): Series[] => (one.samples.length === 0 ? [] : [one]);
  const ups = { c: upOf(canary, 'c'), s: upOf(stable, 's') };
  const up = (instances: string): string => `up{job=~"web",instance=~"${instances}"}[315s]`;
  return prometheus({
    'all{s="web-canary"}[315s]': some(canaryAll),
    'bad{s="web-canary"}[315s]': some(canaryBad),
    'all{s="web"}[315s]': some(stableAll),
    'bad{s="web"}[315s]': some(stableBad),
    [up('c')]: [ups.c],
    [up('s')]: [ups.s],
    [up('c|s')]: [ups.c, ups.s],
    [up('s|c')]: [ups.c, ups.s],
  });
}

/** Its answers reach over the whole lookback, whatever range is asked for. */
function generous(client: PrometheusClient): PrometheusClient {
  return {
    ...client,
    instant: (promql, timeMs) => client.instant(promql.replace(/\[\d+s\]$/, '[315s]'), timeMs),
  };
}

const query = 'all{s="{{service}}"}';

const measured = (client: PrometheusClient): Promise<Measurement[]> =>
  measure(
    {
      window: WINDOW,
      variables: VARIABLES,
      templates: [{ use: { template: 'http', args: {} }, template: template(errorRateMetric()) }],
      share: { source: 'prometheus/default', canary: query, stable: query },
    },
    new Map([['prometheus/default', endpointOver(client)]]),
  );

test('a short range counts what the whole lookback counts, whatever starts, pauses, restarts or ends', async () => {
  let short = 0;
  await fc.assert(
    fc.asyncProperty(target, target, async (canary, stable) => {
      const client = told(canary, stable);
      expect(await measured(client)).toEqual(await measured(generous(told(canary, stable))));
      if (client.asked.length === 1) short += 1;
    }),
    { numRuns: 500 },
  );
  expect(short).toBeGreaterThan(50);
});

describe('the whole lookback is asked for', () => {
  const flat = '85:10 100:20 115:30';
  const STABLE = { 'all{s="web"}[315s]': [`s ${flat}`] };

  test.each([
    ['where a series begins inside the window', { 'all{s="web-canary"}[315s]': [`c 25:4 115:9`] }],
    ['where an arm has no series', { 'all{s="web-canary"}[315s]': [`c 25:4`] }],
  ])('%s', async (_, canary) => {
    const client = prometheus({ ...STABLE, ...canary });
    await measured(client);
    expect(client.asked.slice(0, 2)).toEqual([
      '{__name__=~"all|bad",s=~"web|web-canary"}[45s] @ 115000',
      expect.stringMatching(/^\S+\[315s\] @ 115000$/),
    ]);
  });

  test('but not where only the query for bad requests has none', async () => {
    const client = prometheus({
      ...STABLE,
      'all{s="web-canary"}[315s]': [labelled(series(`c ${flat}`), {})],
    });
    await measured(client);
    expect(client.asked).toHaveLength(1);
  });
});
