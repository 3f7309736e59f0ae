import { expect, test } from 'vitest';
import { endpointOver } from './prometheus/endpoint.ts';
import { measure } from './measure.ts';
import {
  classic,
  errorRateMetric,
  latencyMetric,
  seriesMetric,
  template,
  thresholdMetric,
  VARIABLES,
  WINDOW,
} from '../../test/support/measure-objects.ts';
import { prometheus } from '../../test/support/told-prometheus.ts';

const metrics = [errorRateMetric(), latencyMetric(), seriesMetric(), thresholdMetric()].map((metric, i) => ({
  ...metric,
  name: `m${i}`,
}));

/** Gives this value, wherever a value is asked for. */
function alike(value: number): ReturnType<typeof prometheus> {
  const samples = `95:1 105:2 114:${value}`;
  const counters = ['web', 'web-canary'].flatMap((s) =>
    ['[315s]', '[3900s]'].flatMap((over) => [
      [`bad{s="${s}"}${over}`, [`a ${samples}`]],
      [`all{s="${s}"}${over}`, [`a ${samples}`]],
      [`time{s="${s}"}${over}`, classic('a', { '1': samples, '+Inf': samples })],
    ]),
  );
  const values = ['cpu', 'latency'].flatMap((name) =>
    ['web-canary-1', 'web-1|web-2'].map((pods) => [`${name}{pod=~"${pods}"}`, [`a 115:${value}`]]),
  );
  return prometheus(Object.fromEntries([...counters, ...values]) as Parameters<typeof prometheus>[0]);
}

const measuredAll = (value: number): ReturnType<typeof measure> =>
  measure(
    {
      window: WINDOW,
      calibrate: true,
      variables: VARIABLES,
      templates: [
        { use: { template: 'http', args: {} }, template: { ...template(thresholdMetric()), metrics } },
      ],
    },
    new Map([['prometheus/default', endpointOver(alike(value))]]),
  );

test('all kinds of metrics are measured at once', async () => {
  const all = await measuredAll(5);
  expect(all.map((one) => ('kind' in one ? one.kind : one.outcome))).toEqual([
    'counts',
    'histograms',
    'numbers',
    'numbers',
  ]);
});

test.each([5, 0, NaN, Infinity, -Infinity, 1e308])(
  'what is measured of %s survives as JSON',
  async (value) => {
    const all = await measuredAll(value);
    expect(JSON.parse(JSON.stringify(all))).toEqual(all);
  },
);
