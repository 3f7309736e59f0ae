import { formatDuration } from '../../../lib/duration.ts';
import { complain, type Fields } from '../../../lib/schema/fields.ts';
import { dependent, fallback, object, optional } from '../../../lib/schema/object.ts';
import { count, duration, oneOf } from '../../../lib/schema/scalars.ts';
import { converted, type Infer, type Rule, type Schema } from '../../../lib/schema/schema.ts';

const COUNT_METHODS = ['sequential', 'twoProportionZ', 'fisher'] as const;
const SERIES_METHODS = ['kayenta', 'welch', 'mannWhitney', 'kolmogorovSmirnov'] as const;

const HORIZON = duration(60_000, 86_400_000);
/** The rank tests need eight values, and the other methods for series are of no use with fewer. */
const MIN_VALUES_PER_LOOK = 8;
const DEFAULT_VALUES = 50;
/** All values of a step are kept in the status of the Release. */
const MAX_VALUES = 200;

/** A fixed-horizon test: `looks` equally spaced looks in each step, the last after `horizonMs` of measured time. */
export interface Looks {
  looks: number;
  horizonMs: number;
}

export type CountTest = { method: 'sequential' } | ({ method: 'twoProportionZ' | 'fisher' } & Looks);

const LOOKS_DOC = 'Equally spaced looks in each step, the last at the horizon.';
const HORIZON_DOC = 'Measured time until the last look in each step.';
const WITH_VALUES = `${HORIZON_DOC} At least ${MIN_VALUES_PER_LOOK} windows for each look, at most ${MAX_VALUES} in all.`;
const looksField = (about = {}) => fallback(count(1, 20), 1, LOOKS_DOC, about);

const NOT_SEQUENTIAL = {
  refused: {
    message: 'is not a setting of the sequential method, which looks after every window',
    remedy: 'remove it, or set method to twoProportionZ or fisher',
  },
};

/** The metric field `test` of an error rate; `intervalMs` is the length of a window. */
export function countTest(intervalMs: number): Schema<CountTest> {
  const form = dependent(
    { method: fallback(oneOf(COUNT_METHODS), 'sequential', 'All but sequential are for fixed looks.') },
    ({ method }) => {
      const about = method === 'sequential' ? NOT_SEQUENTIAL : {};
      return {
        looks: looksField(about),
        horizon: optional(HORIZON, HORIZON_DOC, { ...about, shown: 'none: required except for sequential' }),
      };
    },
    {
      check: ({ method, looks, horizonMs }, fields) => {
        if (method === 'sequential') return;
        if (!fields.has('horizon'))
          fields.missing('horizon', 'give the measured time until the last look in each step, like 30m');
        if (horizonMs !== undefined) requireWindows(fields, { looks, horizonMs }, { intervalMs, each: 1 });
      },
    },
  );
  return converted(form, {
    read: ({ method, looks, horizonMs }) => {
      if (method === 'sequential') return { method };
      return horizonMs === undefined ? undefined : { method, looks, horizonMs };
    },
    write: (test) => ({ looks: 1, ...test }),
  });
}

export const COUNT_RULES: readonly Rule[] = [
  {
    rule: "!has(self.test) || (!has(self.test.method) || self.test.method == 'sequential' ? !(has(self.test.looks) || has(self.test.horizon)) : self.test.method in ['twoProportionZ', 'fisher'] && has(self.test.horizon))",
    message:
      'an errorRate metric has the method sequential without looks and horizon, or twoProportionZ or fisher with a horizon',
  },
];

/** The metric field `test` of a series, which has one value for each window. */
export function seriesTest(intervalMs: number) {
  const horizon = fallback(duration(), DEFAULT_VALUES * intervalMs, WITH_VALUES, {
    shown: `${DEFAULT_VALUES} windows`,
  });
  return object(
    {
      method: fallback(
        oneOf(SERIES_METHODS),
        'kayenta',
        'All need fixed looks; more looks than planned make them wrong more often.',
      ),
      looks: looksField(),
      horizon,
    },
    {
      check: ({ looks, horizonMs }, fields) => {
        requireWindows(fields, { looks, horizonMs }, { intervalMs, each: MIN_VALUES_PER_LOOK });
        const longest = MAX_VALUES * intervalMs;
        if (horizonMs <= longest) return;
        const remedy = `give at most ${formatDuration(longest)}, or a longer interval`;
        const message = `is longer than ${MAX_VALUES} windows of ${formatDuration(intervalMs)}`;
        complain(fields.at('horizon'), formatDuration(horizonMs), message, remedy);
      },
    },
  );
}

export type SeriesTest = Infer<ReturnType<typeof seriesTest>>;

export const defaultSeriesTest = (intervalMs: number): SeriesTest => ({
  method: 'kayenta',
  looks: 1,
  horizonMs: DEFAULT_VALUES * intervalMs,
});

export const SERIES_RULES: readonly Rule[] = [
  {
    rule: `!has(self.test) || !has(self.test.method) || self.test.method in ['${SERIES_METHODS.join("', '")}']`,
    message: 'a series metric has the method kayenta, welch, mannWhitney or kolmogorovSmirnov',
  },
];

/** Each look needs `each` windows before it. */
function requireWindows(
  fields: Fields,
  { looks, horizonMs }: Looks,
  { intervalMs, each }: { intervalMs: number; each: number },
): void {
  const shortest = looks * each * intervalMs;
  if (horizonMs >= shortest) return;
  const windows = `${each} ${each === 1 ? 'window' : 'windows'} of ${formatDuration(intervalMs)}`;
  const message = `is too short for ${windows} before each of ${looks} looks`;
  const remedy = `give at least ${formatDuration(shortest)}${looks > 1 ? ', or fewer looks' : ''}`;
  complain(fields.at('horizon'), formatDuration(horizonMs), message, remedy);
}
