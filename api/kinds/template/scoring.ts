import { Fields, complain, show, type Place, type Read } from '../../../lib/schema/fields.ts';
import { fallback, object, required } from '../../../lib/schema/object.ts';
import { number } from '../../../lib/schema/scalars.ts';
import type { Infer, Schema } from '../../../lib/schema/schema.ts';
import { groupName } from './kayenta.ts';
import type { Metric } from './metric.ts';
import type { SeriesMetric } from './kinds/series.ts';

const MAX_WEIGHTS = 20;
const score = number({ min: 0, max: 100 });

const readWeights: Read<Record<string, number>> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const names = fields.names();
  if (names.length > MAX_WEIGHTS) {
    return complain(place, value, `has ${names.length} groups`, `give at most ${MAX_WEIGHTS}`);
  }
  const weights: [string, number][] = [];
  for (const name of names) {
    const key = groupName.read(name, fields.at(name));
    const weight = fields.optional(name, score.read);
    if (key !== undefined && weight !== undefined) weights.push([key, weight]);
  }
  return Object.fromEntries(weights);
};

const weights: Schema<Record<string, number>> = {
  read: readWeights,
  write: (value) => ({ ...value }),
  shape: { type: 'object', maxProperties: MAX_WEIGHTS, additionalProperties: score.shape },
  type: 'map of numbers, 0 to 100',
};

/** `spec.scoring`: scores 0 to 100; what it says of metrics is checked by `checkScoring`. */
export const SCORING = object(
  {
    pass: required(score, {
      doc: 'The lowest score that passes.',
      remedy: 'give the lowest score that passes, like 95',
    }),
    marginal: required(score, {
      doc: 'The lowest score that does not fail; from here to pass is inconclusive.',
      remedy: 'give the lowest score that does not fail, like 75',
      rules: [
        {
          rule: 'self.marginal <= self.pass',
          message: 'marginal is above pass; give at most the value of pass',
        },
      ],
    }),
    groups: fallback(
      weights,
      {},
      'Weights of groups in percent, at most 100 together; groups without one share the rest.',
      { shown: 'none' },
    ),
  },
  {
    check: ({ pass, marginal, groups }, fields) => {
      const sum = total(Object.values(groups));
      if (sum > 100)
        complain(fields.at('groups'), sum, 'is the sum of the weights', 'keep it at or below 100');
      if (marginal > pass) complain(fields.at('marginal'), marginal, 'is above pass', `give at most ${pass}`);
    },
  },
);
export type Scoring = Infer<typeof SCORING>;

/** The group of all series where none names a group; the same name as in analysis/judge/series/together.ts. */
const COMMON_GROUP = 'all';

/**
 * Only series that are not dry runs count in the score. Refused: no such series, because there is nothing to score; a
 * series in no group while others have groups, because it would not count; and weights that add up to less than `pass`,
 * because nothing could ever pass.
 */
export function checkScoring(scoring: Scoring, metrics: readonly Metric[], place: Place): void {
  const series = metrics.filter((metric) => 'kayenta' in metric);
  const deciding = series.filter(({ dryRun }) => !dryRun);
  if (deciding.length === 0) {
    const remedy = 'add a series metric that is not a dryRun, or remove scoring';
    complain(place, scoring, 'has nothing to score', remedy);
    return;
  }
  const counted = groupsOf(deciding);
  if (deciding.some(({ kayenta }) => kayenta.groups.length > 0)) {
    for (const { name } of deciding.filter(({ kayenta }) => kayenta.groups.length === 0)) {
      const message = 'is a series metric without groups while others have some, so it would not count';
      complain(place, name, message, 'give it groups (method kayenta), or give groups to none');
    }
  }
  checkWeights(
    scoring,
    { known: [...new Set([...counted, ...groupsOf(series)])], counted },
    {
      path: `${place.path}.groups`,
      issues: place.issues,
    },
  );
}

function groupsOf(series: readonly SeriesMetric[]): string[] {
  const groups = [...new Set(series.flatMap(({ kayenta }) => kayenta.groups))];
  return groups.length > 0 ? groups : [COMMON_GROUP];
}

function checkWeights(
  { groups, pass }: Scoring,
  { known, counted }: { known: readonly string[]; counted: readonly string[] },
  place: Place,
): void {
  for (const name of Object.keys(groups).filter((group) => !known.includes(group))) {
    const remedy = `name one of ${known.join(', ')}, or remove it`;
    const path = `${place.path}[${show(name)}]`;
    complain({ ...place, path }, name, 'is not a group of any series metric', remedy);
  }
  const reachable = reach(groups, counted);
  if (reachable >= pass) return;
  const message = `is the highest score the groups can reach, and pass is ${pass}`;
  complain(place, reachable, message, 'make the weights of groups that are not dry runs add up to 100');
}

/** The score when every group passes: groups without a weight share what is left. */
function reach(weights: Readonly<Record<string, number>>, counted: readonly string[]): number {
  if (counted.some((name) => !Object.hasOwn(weights, name))) {
    const unused = Object.keys(weights).filter((name) => !counted.includes(name));
    return round(100 - total(unused.map((name) => weights[name] ?? 0)));
  }
  return total(counted.map((name) => weights[name] ?? 0));
}

const total = (weights: readonly number[]) => round(weights.reduce((sum, weight) => sum + weight, 0));

/** Two decimals more than the score has, so that 33.3 + 33.3 + 33.4 is 100. */
const round = (value: number) => Math.round(value * 1e4) / 1e4;
