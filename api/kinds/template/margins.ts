import { complain, Fields, type Read } from '../../../lib/schema/fields.ts';
import { fallback, object, optional } from '../../../lib/schema/object.ts';
import { number } from '../../../lib/schema/scalars.ts';
import type { Infer, Schema } from '../../../lib/schema/schema.ts';

const absolute = number({ min: 0, max: 1 });
const relative = number({ min: 0, max: 100 });
const DOC = { absolute: 'Added to the rate.', relative: 'Times the rate.' };

const marginOver = (base: { absolute: number; relative: number }) =>
  object({
    absolute: fallback(absolute, base.absolute, DOC.absolute),
    relative: fallback(relative, base.relative, DOC.relative),
  });

/** A rate or quantile is compared against `stable × (1 + relative) + absolute`. */
export type Margin = Infer<ReturnType<typeof marginOver>>;

export interface Margins {
  harmMargin: Margin;
  safeMargin: Margin;
}

const larger = (a: Margin, b: Margin): Margin => ({
  absolute: Math.max(a.absolute, b.absolute),
  relative: Math.max(a.relative, b.relative),
});

/**
 * The metric field `margin`: `{harm, safe}`, or the two parts of the harm margin alone. The safe margin is never below
 * the harm margin: between the two, pass and fail are both acceptable; below the harm margin only pass is, above the safe
 * margin only fail.
 */
function margins(defaults: Margins): Schema<Margins> {
  const form = object({
    absolute: optional(absolute, 'The absolute part of harm, where neither harm nor safe is given.'),
    relative: optional(relative, 'The relative part of harm, where neither harm nor safe is given.'),
    harm: fallback(marginOver(defaults.harmMargin), defaults.harmMargin, 'Exceeding this is a failure.', {
      shown: '',
    }),
    safe: fallback(marginOver(defaults.safeMargin), defaults.safeMargin, 'Staying below this is a pass.', {
      shown: 'never below harm',
    }),
  });
  return {
    ...form,
    read: readMargins(defaults),
    write: ({ harmMargin, safeMargin }) => ({ harm: { ...harmMargin }, safe: { ...safeMargin } }),
  };
}

const readMargins =
  (defaults: Margins): Read<Margins> =>
  (value, place) => {
    const fields = Fields.open(value, place);
    if (fields === undefined) return undefined;
    if (!fields.has('harm') && !fields.has('safe')) {
      const harm = marginOver(defaults.harmMargin).read(value, place);
      return harm && { harmMargin: harm, safeMargin: larger(defaults.safeMargin, harm) };
    }
    const harmMargin = fields.withDefault('harm', marginOver(defaults.harmMargin).read, defaults.harmMargin);
    const base = larger(defaults.safeMargin, harmMargin);
    const safeMargin = fields.withDefault('safe', marginOver(base).read, base);
    fields.end();
    for (const part of ['absolute', 'relative'] as const) {
      if (safeMargin[part] >= harmMargin[part]) continue;
      const remedy = `give a safe margin of at least ${harmMargin[part]}`;
      complain(fields.at('safe'), safeMargin[part], `has a smaller ${part} part than margin.harm`, remedy);
    }
    return { harmMargin, safeMargin };
  };

export const marginField = (defaults: Margins) =>
  fallback(
    margins(defaults),
    defaults,
    'A rate is compared with stable * (1 + relative) + absolute. absolute and relative alone are the harm margin.',
    { shown: '' },
  );
