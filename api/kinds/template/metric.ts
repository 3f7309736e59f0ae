import { isObject } from '../../../lib/json.ts';
import { complain, Fields, kindOf, type Read } from '../../../lib/schema/fields.ts';
import { membersOf, optional, shapeOf, type AnyFields } from '../../../lib/schema/object.ts';
import type { Rule, Schema } from '../../../lib/schema/schema.ts';
import * as all from './kinds/index.ts';
import { COMMON, type MetricOf, type MetricPart, type Query } from './part.ts';
import type { ReadyMade } from './preset.ts';
import { together } from './together.ts';

export type Metric = MetricOf<(typeof all)[keyof typeof all]>;

type Kind = Metric['type'];
/** Sorted by name: what is derived from them must not depend on the order of lines in the list. */
const parts: readonly MetricPart<Kind, Metric>[] = Object.values(all).sort((a, b) =>
  a.kind < b.kind ? -1 : 1,
);

/** Every kind of metric, by the field that names it. */
export const METRIC_KINDS: readonly Kind[] = parts.map(({ kind }) => kind);

const PART_OF: ReadonlyMap<Kind, MetricPart<Kind, Metric>> = new Map(parts.map((part) => [part.kind, part]));

/** The queries of a metric, as they are written. */
export const queriesOf = (metric: Metric): Query[] => PART_OF.get(metric.type)?.queries(metric) ?? [];

/** The conditions of a metric, as they are written. */
export const conditionsOf = (metric: Metric): Query[] => PART_OF.get(metric.type)?.conditions?.(metric) ?? [];

/** How presets fill a metric of this kind; undefined: the kind does not count requests. */
export const readyMade = ({ type }: Metric): ReadyMade<Metric> | undefined => PART_OF.get(type)?.presets;

const namesOf = ({ kind, fields }: MetricPart<Kind, Metric>): string[] =>
  Object.keys(fields).filter((name) => name !== kind);

/** Fields beside the one that names the kind, and the kinds that have them. */
const OWNERS: ReadonlyMap<string, readonly Kind[]> = new Map(
  parts
    .flatMap(namesOf)
    .map((name) => [name, parts.filter((part) => namesOf(part).includes(name)).map((each) => each.kind)]),
);

/** A field of another kind is named as such, and is not reported as a mistyped one. */
function foreignTo(part: MetricPart<Kind, Metric>): AnyFields {
  const foreign = [...OWNERS].filter(([, kinds]) => !kinds.includes(part.kind));
  return Object.fromEntries(
    foreign.map(([name, kinds]) => {
      const message = `is a field of ${kinds.join(' and ')} metrics, not of ${part.kind}`;
      return [name, optional(ANY, '', { refused: { message, remedy: 'remove it' } })];
    }),
  );
}

const ANY: Schema<unknown> = { read: (value) => value, write: () => null, shape: {}, type: '' };

/** One item of `spec.metrics`; `intervalMs` is the length of a window. */
export function metric(intervalMs: number): Schema<Metric> {
  const read: Read<Metric> = (value, place) => {
    if (!isObject(value))
      return complain(place, value, `is ${kindOf(value)}, not an object`, 'give a map of fields');
    const fields = new Fields(value, place);
    const kinds = parts.filter(({ kind }) => fields.has(kind));
    const [part, second] = kinds;
    if (part === undefined) {
      fields.missing(METRIC_KINDS[0] ?? '', `give one of ${METRIC_KINDS.join(', ')}`);
      return undefined;
    }
    const several = kinds.map(({ kind }) => kind);
    if (second !== undefined)
      return complain(place, several, 'measures several things', 'split it into one metric each');
    return part.schema(intervalMs, foreignTo(part)).read(value, place);
  };
  const write = (value: Metric) => {
    const part = PART_OF.get(value.type);
    return part === undefined ? {} : part.schema(intervalMs, {}).write(value);
  };
  return { read, write, shape: SHAPE, type: 'object', below: { path: '.', members: MEMBERS } };
}

const MEMBERS = [
  ...membersOf(COMMON),
  ...together(
    parts.map(({ kind, fields }) => ({
      kind,
      members: membersOf(fields).map((each) => (each.name === kind ? { ...each, required: false } : each)),
    })),
  ),
];

const SHAPE = shapeOf(MEMBERS, [exactlyOne(), ...belonging(), ...choices(), ...ownRules()]);

function exactlyOne(): Rule {
  const counted = METRIC_KINDS.map((kind) => `(has(self.${kind}) ? 1 : 0)`).join(' + ');
  return { rule: `${counted} == 1`, message: `give exactly one of ${METRIC_KINDS.join(', ')}` };
}

/** Fields belong to kinds; fields of the same kinds share a rule. */
function belonging(): Rule[] {
  const byOwners = Map.groupBy(OWNERS, ([, kinds]) => kinds.join(' and '));
  return [...byOwners].map(([owners, entries]) => {
    const names = entries.map(([name]) => name);
    const owned = (entries[0]?.[1] ?? []).map((kind) => `has(self.${kind})`).join(' || ');
    const given = names.map((name) => `has(self.${name})`).join(' || ');
    const says = names.length === 1 ? 'is a field' : 'are fields';
    return { rule: `${owned} || !(${given})`, message: `${inWords(names)} ${says} of ${owners} metrics` };
  });
}

/** The choices of a field that differ from kind to kind. */
function choices(): Rule[] {
  return [...OWNERS].flatMap(([name, kinds]) => {
    const each = kinds.map((kind) => ({ kind, options: optionsOf(kind, name) }));
    if (new Set(each.map(({ options }) => options.join())).size < 2) return [];
    const allowed = each.map(
      ({ kind, options }) => `(has(self.${kind}) && self.${name} in ['${options.join("', '")}'])`,
    );
    const said = each.map(({ kind, options }) => `${inWords(options, 'or')} in a ${kind} metric`);
    return [
      { rule: `!has(self.${name}) || ${allowed.join(' || ')}`, message: `${name} is ${said.join(', and ')}` },
    ];
  });
}

function optionsOf(kind: Kind, name: string): string[] {
  const options = parts.find((part) => part.kind === kind)?.fields[name]?.schema.shape.enum;
  return Array.isArray(options) ? options.map(String) : [];
}

function ownRules(): Rule[] {
  return parts.flatMap(({ kind, rules }) =>
    rules.map(({ rule, ...rest }) => ({ rule: `!has(self.${kind}) || (${rule})`, ...rest })),
  );
}

function inWords(words: readonly string[], last = 'and'): string {
  const head = words.slice(0, -1).join(', ');
  return head === '' ? words.join('') : `${head} ${last} ${words.at(-1) ?? ''}`;
}
