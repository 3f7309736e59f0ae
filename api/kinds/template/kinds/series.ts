import { fallback, object, optional, required } from '../../../../lib/schema/object.ts';
import { oneOf } from '../../../../lib/schema/scalars.ts';
import { converted } from '../../../../lib/schema/schema.ts';
import { kayentaFields, refuseImproved, type KayentaSettings } from '../kayenta.ts';
import { defaultSeriesTest, SERIES_RULES, seriesTest, type SeriesTest } from '../looks.ts';
import { metricPart, numberQueries, query, type MetricOf } from '../part.ts';

interface Question {
  query: string;
  stableQuery?: string;
  kayenta: KayentaSettings;
}

const questionOf = (method: SeriesTest['method'] | undefined) => {
  const refused =
    method === undefined || method === 'kayenta'
      ? undefined
      : {
          message: `is a setting of the kayenta method, and test.method is ${method}`,
          remedy: 'remove it, or set test.method to kayenta',
        };
  const form = object(
    {
      query: required(query, {
        doc: 'PromQL that returns one number; rendered for each arm unless stableQuery is given.',
        remedy: 'give PromQL that returns one number for each window',
      }),
      stableQuery: optional(query, 'The same for the stable version.', { shown: 'query' }),
      ...kayentaFields(refused),
    },
    { check: (settings, fields) => refuseImproved(fields, settings) },
  );
  return converted(form, {
    read: ({ query: asked, stableQuery, ...kayenta }): Question => ({
      query: asked,
      ...(stableQuery === undefined ? {} : { stableQuery }),
      kayenta,
    }),
    write: ({ kayenta, ...queries }) => ({ ...queries, ...kayenta }),
  });
};

/** One value per window and arm, compared at fixed looks. */
export const SERIES = metricPart({
  kind: 'series',
  first: (intervalMs) => ({
    test: fallback(
      seriesTest(intervalMs),
      defaultSeriesTest(intervalMs),
      'How the values of both arms are compared.',
      { shown: 'kayenta' },
    ),
  }),
  more: ({ test }) => ({
    series: required(questionOf(test?.method), {
      doc: 'Compares one value per window of the canary with those of the stable version, at fixed looks. All but the queries are settings of the kayenta method.',
      remedy: 'give a query',
    }),
    direction: fallback(oneOf(['increase', 'decrease', 'either']), 'either', 'Which way is harmful.'),
    nan: fallback(oneOf(['remove', 'zero']), 'remove', 'What NaN counts as.'),
  }),
  rules: SERIES_RULES,
  read: ({ series, direction, nan, test }) => ({ ...series, direction, nan, test }),
  write: ({ query: asked, stableQuery, kayenta, direction, nan, test }) => ({
    series: { query: asked, kayenta, ...(stableQuery === undefined ? {} : { stableQuery }) },
    direction,
    nan,
    test,
  }),
  queries: (metric) => numberQueries('series', metric),
});

export type SeriesMetric = MetricOf<typeof SERIES>;
