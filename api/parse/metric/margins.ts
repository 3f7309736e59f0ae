import type { JsonObject } from '../../../lib/json.ts';
import type { Margin } from '../../template.ts';
import { Fields, complain, type Read } from '../../../lib/schema/fields.ts';
import { number } from '../../../lib/schema/read.ts';

export interface Margins {
  harmMargin: Margin;
  safeMargin: Margin;
}

/**
 * The metric field `margin`: `{harm, safe}`, or the two parts of the harm margin alone. The safe margin is never below the harm
 * margin: between the two either decision is acceptable, outside neither.
 */
export function readMargins(fields: Fields, defaults: Margins): Margins {
  return fields.withDefault('margin', marginsReader(defaults), defaults);
}

export function writeMargins({ harmMargin, safeMargin }: Margins): JsonObject {
  return { margin: { harm: { ...harmMargin }, safe: { ...safeMargin } } };
}

const readMargin =
  (base: Margin): Read<Margin> =>
  (value, place) => {
    const fields = Fields.open(value, place);
    if (fields === undefined) return undefined;
    const margin = {
      absolute: fields.withDefault('absolute', number({ min: 0, max: 1 }), base.absolute),
      relative: fields.withDefault('relative', number({ min: 0, max: 100 }), base.relative),
    };
    fields.end();
    return margin;
  };

const larger = (a: Margin, b: Margin): Margin => ({
  absolute: Math.max(a.absolute, b.absolute),
  relative: Math.max(a.relative, b.relative),
});

const marginsReader =
  (defaults: Margins): Read<Margins> =>
  (value, place) => {
    const fields = Fields.open(value, place);
    if (fields === undefined) return undefined;
    if (!fields.has('harm') && !fields.has('safe')) {
      const harm = readMargin(defaults.harmMargin)(value, place);
      return harm && { harmMargin: harm, safeMargin: larger(defaults.safeMargin, harm) };
    }
    const harmMargin = fields.withDefault('harm', readMargin(defaults.harmMargin), defaults.harmMargin);
    const base = larger(defaults.safeMargin, harmMargin);
    const safeMargin = fields.withDefault('safe', readMargin(base), base);
    fields.end();
    for (const part of ['absolute', 'relative'] as const) {
      if (safeMargin[part] >= harmMargin[part]) continue;
      const remedy = `give a safe margin of at least ${harmMargin[part]}`;
      complain(fields.at('safe'), safeMargin[part], `has a smaller ${part} part than margin.harm`, remedy);
    }
    return { harmMargin, safeMargin };
  };
