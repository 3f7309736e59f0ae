import { expect, test } from 'vitest';
import { endpointOver } from './prometheus/endpoint.ts';
import { measure } from './measure.ts';
import {
  classic,
  errorRateMetric,
  latencyMetric,
  prometheus,
  series,
  seriesMetric,
  template,
  thresholdMetric,
  VARIABLES,
  WINDOW,
} from '../../test/support/measure-objects.ts';

const metrics = [errorRateMetric(), latencyMetric(), seriesMetric(), thresholdMetric()].map((metric, i) => ({
  ...metric,
  name: `m${i}`,
}));

/** Gives the same answer to every query: this value, wherever a value is asked for. */
function alike(value: number): ReturnType<typeof prometheus> {
  const client = prometheus({});
  return {
    ...client,
    instant(promql, timeMs) {
      const at = (seconds: number): number => timeMs / 1000 - seconds;
      if (!promql.includes('[')) {
        return Promise.resolve({ ok: true, series: [series(`a ${at(0)}:${value}`)] });
      }
      const samples = `${at(20)}:1 ${at(10)}:2 ${at(1)}:${value}`;
      const found = promql.startsWith('time')
        ? classic('a', { '1': samples, '+Inf': samples })
        : [series(`a ${samples}`)];
      return Promise.resolve({ ok: true, series: found, range: true });
    },
  };
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
