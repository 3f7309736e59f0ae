import { complain, type Fields } from '../../../lib/schema/fields.ts';
import { object, optional, required, type AnyFields, type ObjectSchema } from '../../../lib/schema/object.ts';
import { oneOf } from '../../../lib/schema/scalars.ts';
import type { Schema } from '../../../lib/schema/schema.ts';
import type { Arm } from '../../query.ts';
import { query, type Query } from './part.ts';
import { PRESETS } from './presets.ts';

const preset: Schema<string> = oneOf(PRESETS);

/** Where the numbers of both arms come from: a preset by name, or queries. */
export interface Arms<Q> {
  preset?: string;
  queries?: { canary: Q; stable: Q };
}

/** A preset or queries, as an object without the other. */
export const armsFrom = <Q>(
  name: string | undefined,
  queries: { canary: Q; stable: Q } | undefined,
): Arms<Q> => (queries === undefined ? { preset: name ?? 'auto' } : { queries });

const ARMS = ['canary', 'stable'] as const;

/** Each query of both arms with its place below the field that names the kind. */
export const queriesIn = (
  kind: string,
  queries: Record<Arm, Readonly<Record<string, string>>> | undefined,
): Query[] =>
  queries === undefined
    ? []
    : ARMS.flatMap((arm) =>
        Object.entries(queries[arm]).map(([part, text]) => ({ field: `${kind}.${arm}.${part}`, text })),
      );

interface Given<Q> {
  preset?: string;
  canary?: Q;
  stable?: Q;
}

/** A query by its field: what it is for people, and what to give where it is missing. */
export interface Asked {
  doc: string;
  remedy: string;
}

/**
 * Fields for the ways to count requests, of which a metric has one: one set of queries for both arms (rendered with each
 * arm's variables), a set for each arm, or a preset; without these, the preset `auto`.
 */
export function armsOf<Q extends Readonly<Record<string, string>>>(
  asked: Readonly<Record<keyof Q & string, Asked>>,
) {
  const names = Object.keys(asked);
  const entries = Object.entries<Asked>(asked);
  const own: AnyFields = Object.fromEntries(entries.map(([name, about]) => [name, required(query, about)]));
  const queries = object(own) as ObjectSchema<Q>;
  const wanted = names.join(' and ');
  const fields = {
    preset: optional(preset, 'Ready-made queries; auto takes those that fit what serves the routes.', {
      shown: 'auto, where no queries are given',
    }),
    ...Object.fromEntries(
      entries.map(([name, { doc }]) => [name, optional(query, `${doc} Rendered for each arm.`)]),
    ),
    canary: optional(queries, 'Queries of the canary alone; then stable has some too.'),
    stable: optional(queries, 'Queries of the stable version alone; then the canary has some too.'),
  };
  const check = (at: Fields): void => {
    const given = ['preset', 'canary', 'stable', ...names].filter((name) => at.has(name));
    const ready = given.includes('preset');
    const perArm = given.includes('canary') || given.includes('stable');
    const shared = names.some((name) => given.includes(name));
    if (Number(ready) + Number(perArm) + Number(shared) > 1) {
      complain(at.place, given, 'mixes several ways to count requests', 'give only preset, or only queries');
    } else if (shared) {
      for (const [name, { remedy }] of entries) if (!at.has(name)) at.missing(name, remedy);
    } else if (perArm) {
      if (!at.has('canary')) at.missing('canary', `give ${wanted} for the canary`);
      if (!at.has('stable')) at.missing('stable', `give ${wanted} for the stable version`);
    }
  };
  const read = (given: Given<Q>): Arms<Q> => {
    const { preset: name = 'auto', canary, stable } = given;
    if (canary !== undefined && stable !== undefined) return { queries: { canary, stable } };
    const shared = Object.entries(given).filter(([field]) => names.includes(field));
    if (shared.length === 0) return { preset: name };
    const both = Object.fromEntries(shared) as Q;
    return { queries: { canary: both, stable: { ...both } } };
  };
  const write = ({ preset: name = 'auto', queries: both }: Arms<Q>): Given<Q> => both ?? { preset: name };
  return { fields, check, read, write };
}
