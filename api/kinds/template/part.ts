import {
  dependent,
  fallback,
  required,
  type AnyFields,
  type ObjectSchema,
  type Shaped,
} from '../../../lib/schema/object.ts';
import type { Preset, ReadyMade } from './preset.ts';
import { boolean, dnsLabel, number, text } from '../../../lib/schema/scalars.ts';
import { converted, type Infer, type Rule, type Schema } from '../../../lib/schema/schema.ts';

/** What every metric has, whatever its kind. */
export const COMMON = {
  name: required(dnsLabel, { doc: 'Name of the metric.', remedy: 'give the metric a name' }),
  critical: fallback(
    boolean,
    true,
    'If a critical metric fails, the release is rolled back; without its conclusion nothing is promoted. A metric that is not critical only withholds the pass.',
  ),
  dryRun: fallback(boolean, false, 'Measured and shown, never decides.'),
};

type Common = Shaped<typeof COMMON>;

/** One query of a metric, or one condition. */
export interface Query {
  /** its place in the metric: "errorRate.canary.bad" */
  field: string;
  text: string;
}

/** What a kind of metric says about its fields; kinds/index.ts lists them all. How it is judged: analysis/judge/core/kind.ts */
export interface MetricPart<T extends string, M> {
  /** its name, which is also the name of the field that identifies it */
  kind: T;
  /** the field that names the kind, and the fields beside it, as they are when the length of a window is not known */
  fields: AnyFields;
  /** rules about a metric of this kind */
  rules: readonly Rule[];
  /** its own queries, as they are written */
  queries(metric: M): Query[];
  /** the conditions on its numbers, as they are written; absent: it has none */
  conditions?(metric: M): Query[];
  /** absent: there are no ready-made queries for it */
  presets?: ReadyMade<M>;
  /** a metric with these fields and those of other kinds, which are refused; `intervalMs` is the length of a window */
  schema(intervalMs: number, foreign: AnyFields): Schema<M>;
}

interface Description<T extends string, F extends AnyFields, G extends AnyFields, Own> {
  kind: T;
  /** the first fields; those of `more` may depend on them */
  first: (intervalMs: number) => F;
  more: (read: Partial<Shaped<F>>, intervalMs: number) => G;
  rules?: readonly Rule[];
  read: (fields: Shaped<F> & Shaped<G>) => Own;
  write: (metric: Own) => Shaped<F> & Shaped<G>;
  queries: (metric: Own) => Query[];
  conditions?: (metric: Own) => Query[];
  presets?: ReadyMade<Own>;
}

const ANY_INTERVAL_MS = 15_000;

export function metricPart<T extends string, F extends AnyFields, G extends AnyFields, Own extends object>(
  about: Description<T, F, G, Own>,
): MetricPart<T, Common & Own & { type: T }> {
  const { kind, first, more, rules = [], read, write, queries, conditions, presets } = about;
  type Form = Common & Shaped<F> & Shaped<G>;
  const form = (intervalMs: number, foreign: AnyFields): ObjectSchema<Form> =>
    dependent({ ...COMMON, ...first(intervalMs) }, (known) => ({
      ...more(known as Partial<Shaped<F>>, intervalMs),
      ...foreign,
    })) as ObjectSchema<Form>;
  return {
    kind,
    fields: { ...first(ANY_INTERVAL_MS), ...more({}, ANY_INTERVAL_MS) },
    rules,
    queries,
    ...(conditions === undefined ? {} : { conditions }),
    ...(presets === undefined ? {} : { presets: { ...presets, filled: filledWhole(presets) } }),
    schema: (intervalMs, foreign) =>
      converted(form(intervalMs, foreign), {
        read: (fields) => {
          const { name, critical, dryRun } = fields;
          return { type: kind, name, critical, dryRun, ...read(fields) };
        },
        write: (metric) => {
          const { name, critical, dryRun } = metric;
          return { name, critical, dryRun, ...write(metric) };
        },
      }),
  };
}

const filledWhole =
  <Own extends object>(presets: ReadyMade<Own>) =>
  <M extends Own>(metric: M, preset: Preset): M | undefined => {
    const own = presets.filled(metric, preset);
    return own && { ...metric, ...own };
  };

/** The type of a metric of this part after it was read. */
export type MetricOf<P> = P extends { schema(intervalMs: number, foreign: AnyFields): infer S }
  ? Infer<S>
  : never;

/** PromQL with variables; analysis/measure/check.ts looks into it. */
export const query = text(4096);

/** The queries of a metric that has one number for each arm. */
export const numberQueries = (kind: string, asked: { query: string; stableQuery?: string }): Query[] => [
  { field: `${kind}.query`, text: asked.query },
  ...(asked.stableQuery === undefined ? [] : [{ field: `${kind}.stableQuery`, text: asked.stableQuery }]),
];

/** A share or probability strictly between 0 and 1. */
export const properShare = number({ min: 1e-6, max: 1 - 1e-6 });

/** The field `weight` of a metric with running evidence. */
export const weight = fallback(
  number({ min: 0.001, max: 1000 }),
  1,
  'Its share in the combined evidence of harm is weight / sum of weights.',
);
