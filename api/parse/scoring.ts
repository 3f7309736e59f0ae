import type { Metric, Scoring } from '../template.ts';
import { Fields, complain, show, type Place, type Read } from './fields.ts';
import { groupName, number } from './read.ts';

const MAX_WEIGHTS = 20;
const score = number({ min: 0, max: 100 });

const readWeights: Read<Record<string, number>> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const names = Object.keys(value as object);
  if (names.length > MAX_WEIGHTS) {
    return complain(place, value, `has ${names.length} groups`, `give at most ${MAX_WEIGHTS}`);
  }
  const weights: [string, number][] = [];
  for (const name of names) {
    const key = groupName(name, fields.at(name));
    const weight = fields.optional(name, score);
    if (key !== undefined && weight !== undefined) weights.push([key, weight]);
  }
  return Object.fromEntries(weights);
};

/** `spec.scoring`; what it says of metrics is checked by `checkScoring`. */
export const readScoring: Read<Scoring> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const pass = fields.required('pass', score, 'give the lowest score that passes, like 95');
  const marginal = fields.required('marginal', score, 'give the lowest score that does not fail, like 75');
  const groups = fields.withDefault('groups', readWeights, {});
  fields.end();
  const sum = total(Object.values(groups));
  if (sum > 100) complain(fields.at('groups'), sum, 'is the sum of the weights', 'keep it at or below 100');
  if (pass === undefined || marginal === undefined) return undefined;
  if (marginal > pass) {
    complain(fields.at('marginal'), marginal, 'is above pass', `give at most ${pass}`);
  }
  return { pass, marginal, groups };
};

/**
 * The score is that of the groups of kayenta series that are not dry runs. Without any it would always be 0, and where weights
 * add up to less than `pass` it could never pass.
 */
export function checkScoring(scoring: Scoring, metrics: readonly Metric[], place: Place): void {
  const series = metrics.filter((metric) => metric.type === 'series' && metric.test.method === 'kayenta');
  const groupsOf = (list: readonly Metric[]) => [
    ...new Set(list.flatMap((metric) => (metric.type === 'series' ? metric.kayenta.groups : []))),
  ];
  const counted = groupsOf(series.filter(({ dryRun }) => !dryRun));
  if (counted.length === 0) {
    const remedy = 'add a series metric of the kayenta method that names its groups, or remove scoring';
    complain(place, scoring, 'has nothing to score', remedy);
    return;
  }
  const known = groupsOf(series);
  const at = { path: `${place.path}.groups`, issues: place.issues };
  for (const name of Object.keys(scoring.groups).filter((group) => !known.includes(group))) {
    const remedy = `name one of ${known.join(', ')}, or remove it`;
    complain({ ...at, path: `${at.path}[${show(name)}]` }, name, 'is a group of no series metric', remedy);
  }
  const reachable = reach(scoring.groups, counted);
  if (reachable < scoring.pass) {
    const message = `is the highest score the groups can reach, and pass is ${scoring.pass}`;
    complain(at, reachable, message, 'make the weights of groups that are no dry run add up to 100');
  }
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
