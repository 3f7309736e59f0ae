import { complain, type Fields } from '../../../lib/schema/fields.ts';
import { dependent, fallback, optional, type Refusal, type Shaped } from '../../../lib/schema/object.ts';
import { refuseDuplicates } from '../../../lib/schema/read.ts';
import { boolean, list, matching, number, oneOf } from '../../../lib/schema/scalars.ts';
import { checked, defaultsOf } from '../../../lib/schema/schema.ts';

export const groupName = matching({
  pattern: /^[A-Za-z0-9][A-Za-z0-9 _.-]*$/,
  max: 63,
  name: 'the name of a group',
  rule: 'a letter or digit, then letters, digits, spaces, "_", "." and "-", at most 63 in all',
  type: 'name',
});

/** Kayenta's own values, the only ones that apply with `compat: kayenta`. */
const CONFIDENCE = 0.98;
const TOLERANCE = 0.25;

const MEASURES = ['meanRatio', 'cles'] as const;
type Measure = (typeof MEASURES)[number];

/** `none`: the value that gates nothing; `max`: the largest value. */
const SCALES: Readonly<Record<Measure, { none: number; max: number }>> = {
  meanRatio: { none: 1, max: 1e6 },
  cles: { none: 0.5, max: 1 },
};

const EFFECT = dependent(
  {
    measure: fallback(
      oneOf(MEASURES),
      'meanRatio',
      'Ratio of the means, or the probability that a canary value is the larger one (cles).',
    ),
  },
  ({ measure }) => {
    // Without a known measure: what at least one of them accepts.
    const { none, max } = SCALES[measure ?? 'meanRatio'];
    const increase = number({ min: measure === undefined ? SCALES.cles.none : none, max });
    const decrease = number({ min: 0, max: none });
    const about = { shown: '1, for cles 0.5' };
    return {
      allowedIncrease: fallback(
        increase,
        none,
        'Higher is a failure only from this effect on (1.2: a fifth more).',
        about,
      ),
      allowedDecrease: fallback(
        decrease,
        none,
        'Lower is a failure only up to this effect (0.8: a fifth less).',
        about,
      ),
      criticalIncrease: fallback(
        increase,
        none,
        'From this effect on the failure of a critical metric stops the release, or makes the score 0; below it withholds the pass.',
        about,
      ),
      criticalDecrease: fallback(
        decrease,
        none,
        'Up to this effect the failure of a critical metric stops the release, or makes the score 0; above it withholds the pass.',
        about,
      ),
    };
  },
);

const groups = checked(list(groupName, 20), (names, place) => refuseDuplicates(names, place));

/** Settings of the kayenta method, which are fields beside the query of a series. */
export const kayentaFields = (refused: Refusal | undefined) => ({
  outlierFactor: optional(
    number({ min: 0, max: 100 }),
    'Values beyond so many interquartile ranges are dropped.',
    { shown: 'all are kept', refused },
  ),
  confidence: fallback(
    number({ min: 0.5, max: 0.9999 }),
    CONFIDENCE,
    'Confidence of the interval for the shift between the arms.',
    { refused },
  ),
  tolerance: fallback(
    number({ min: 0, max: 1 }),
    TOLERANCE,
    'The interval has to lie beyond this share of the estimated shift; it asks for precision, not for size.',
    { refused },
  ),
  effect: fallback(EFFECT, defaultsOf(EFFECT), 'How large a shift has to be to count.', {
    shown: 'any shift',
    refused,
  }),
  mustHaveData: fallback(boolean, false, 'A step without a single value fails when the horizon has passed.', {
    refused,
  }),
  groups: fallback(
    groups,
    [],
    'Groups of the score in which it counts. Where no series names a group, all are one.',
    { shown: 'none', refused },
  ),
  compat: fallback(
    oneOf(['none', 'kayenta']),
    'none',
    'kayenta judges bit by bit as Kayenta does, known defects included.',
    { refused },
  ),
});

export type KayentaSettings = Shaped<ReturnType<typeof kayentaFields>>;

/** Kayenta reads these two settings and then uses its own values. */
export function refuseImproved(fields: Fields, settings: KayentaSettings): void {
  if (settings.compat !== 'kayenta') return;
  const own = { confidence: CONFIDENCE, tolerance: TOLERANCE };
  for (const name of ['confidence', 'tolerance'] as const) {
    if (settings[name] === own[name]) continue;
    const message = `has no effect with compat kayenta, which uses ${own[name]}`;
    complain(fields.at(name), settings[name], message, 'remove it, or remove compat');
  }
}
