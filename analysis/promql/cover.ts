import { escapeRegex } from '../../api/query.ts';
import { written, type LabelTest } from './matchers.ts';

/** Puts selectors together: fewer selectors that select the same series, none more and none less. */

/** One value that a label may have. */
type Value = Pick<LabelTest, 'op' | 'value'>;

/** For each label, conditions that all have to hold; each is a list of which one has to hold. */
type Cover = ReadonlyMap<string, readonly (readonly Value[])[]>;

export interface Covering {
  /** a selector */
  text: string;
  /** the places of the selectors that it covers, in the order given */
  of: number[];
}

/**
 * As few selectors as are found that select exactly what these do together. A selector with more conditions than another
 * is part of that one (bad requests of all requests); two that differ in the value of one label become one with either
 * value (two arms, two metrics).
 */
export function coverings(selectors: readonly (readonly LabelTest[])[]): Covering[] {
  const found: { cover: Cover; of: number[] }[] = [];
  for (const { cover, of } of byWidth(selectors)) {
    const wider = found.find((other) => contains(other.cover, cover));
    if (wider === undefined) found.push({ cover, of: [of] });
    else wider.of.push(of);
  }
  for (let pair = mergeable(found); pair !== undefined; pair = mergeable(found)) {
    const [i, j, cover] = pair;
    const of = [...(found[i]?.of ?? []), ...(found[j]?.of ?? [])];
    found.splice(j, 1);
    found.splice(i, 1, { cover, of });
  }
  return found.map(({ cover, of }) => ({ text: textOf(cover), of: of.sort((a, b) => a - b) }));
}

/** The widest first: a selector is part of an earlier one or of none. */
function byWidth(selectors: readonly (readonly LabelTest[])[]): { cover: Cover; of: number }[] {
  return selectors
    .map((tests, of) => ({ cover: coverOf(tests), of, width: tests.length }))
    .sort((a, b) => a.width - b.width);
}

function coverOf(tests: readonly LabelTest[]): Cover {
  const cover = new Map<string, Value[][]>();
  for (const { label, op, value } of tests) {
    cover.set(label, [...(cover.get(label) ?? []), [{ op, value }]]);
  }
  return cover;
}

const keyOf = (values: readonly Value[]): string =>
  JSON.stringify(values.map(({ op, value }) => [op, value]));

/** Is each of these conditions also one of the others? */
function within(conditions: readonly (readonly Value[])[] = [], others: typeof conditions = []): boolean {
  const keys = new Set(others.map(keyOf));
  return conditions.every((values) => keys.has(keyOf(values)));
}

const contains = (wide: Cover, narrow: Cover): boolean =>
  [...wide].every(([label, conditions]) => within(conditions, narrow.get(label)));

function mergeable(all: readonly { cover: Cover }[]): [number, number, Cover] | undefined {
  for (const [j, { cover }] of all.entries()) {
    for (const [i, earlier] of all.slice(0, j).entries()) {
      const merged = merge(earlier.cover, cover);
      if (merged !== undefined) return [i, j, merged];
    }
  }
  return undefined;
}

function merge(a: Cover, b: Cover): Cover | undefined {
  const differing = [...new Set([...a.keys(), ...b.keys()])].filter(
    (label) => !within(a.get(label), b.get(label)) || !within(b.get(label), a.get(label)),
  );
  const [label, second] = differing;
  if (label === undefined || second !== undefined) return undefined;
  const [mine, theirs] = [valuesOf(a.get(label)), valuesOf(b.get(label))];
  if (mine === undefined || theirs === undefined) return undefined;
  const byKey = new Map([...mine, ...theirs].map((value) => [keyOf([value]), value]));
  const values = [...byKey].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, value]) => value);
  return new Map(a).set(label, [values]);
}

/** The values that a label may have, if nothing else is said of it; undefined: that cannot be said in this way. */
function valuesOf(conditions: readonly (readonly Value[])[] = []): readonly Value[] | undefined {
  const [only, ...others] = conditions;
  return others.length === 0 && only?.every(({ op }) => op === '=' || op === '=~') === true
    ? only
    : undefined;
}

function textOf(cover: Cover): string {
  const tests = [...cover].flatMap(([label, conditions]) =>
    conditions.map((values) => ({ label, ...oneOf(values) })),
  );
  const name = tests.find(({ label, op, value }) => label === '__name__' && op === '=' && NAME.test(value));
  const others = tests.filter((test) => test !== name).map(written);
  return `${name?.value ?? ''}{${others.join(',')}}`;
}

/** As it may stand before the braces. */
const NAME = /^[A-Za-z_:][\w:]*$/;

function oneOf(values: readonly Value[]): Value {
  const [only, ...others] = values;
  if (only !== undefined && others.length === 0) return only;
  const value = values
    .map(({ op, value: text }) => (op === '=' ? escapeRegex(text) : `(?:${text})`))
    .join('|');
  return { op: '=~', value };
}
