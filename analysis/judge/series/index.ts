import { isEndless } from '../../../api/analysis.ts';
import type { SeriesMetric } from '../../../api/kinds/template/kinds/series.ts';
import type { MetricKind } from '../core/kind.ts';
import { judgeSeries } from './metric.ts';
import { isSeriesData, readSeries, writeSeries } from './state.ts';
import { judgeTogether } from './together.ts';

/** Means and ranks of a series with such a value would say nothing. */
function refused(canary: number, stable: number | undefined): string | undefined {
  const endless = isEndless(canary)
    ? 'canary'
    : stable !== undefined && isEndless(stable)
      ? 'stable'
      : undefined;
  return endless && `${endless}: the query returns an infinite value`;
}

const begun = () => writeSeries(readSeries(undefined));

/** One value per window and arm, compared at planned looks. */
export const series: MetricKind<SeriesMetric> = {
  name: 'series',
  title: 'series',
  asks: {
    form: 'numbers',
    of: ({ query, stableQuery, nan }) => ({
      query,
      ...(stableQuery === undefined ? {} : { stableQuery }),
      nan: nan === 'zero' ? 'zero' : 'refuse',
      stable: 'compared',
      refused,
    }),
  },
  memory: {
    begun,
    isWhole: isSeriesData,
    // Each step has its own values and looks: pooling steps of different weights leads to Simpson's paradox.
    nextStep: begun,
  },
  judge: judgeSeries,
  judgeTogether,
  horizonMs: ({ test }) => test.horizonMs,
  replays: false,
};
