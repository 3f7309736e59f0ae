import { equalJson } from '../../lib/json.ts';
import type { JsonPatchOp } from '../../api/kube.ts';
import type { Json, JsonObject } from '../../lib/json.ts';

/** What one list of rules should become. */
export interface RuleList {
  /** e.g. `/spec/rules` */
  path: string;
  /** the field of a rule that holds its destinations */
  destinations: string;
  /** the user's rules that are to be changed, or from which rules of ours are made */
  users: { index: number; rule: JsonObject; wanted: JsonObject }[];
  /** rules of ours as they are there */
  own: { index: number; rule: JsonObject }[];
  /** rules of ours as they should be, in their order */
  wantedOwn: OwnRule[];
}

/** A rule of our own, made from one of the user's. */
export interface OwnRule {
  rule: JsonObject;
  /** place of the user's rule before which it has to stand; absent: anywhere, and new ones come last */
  before?: number;
}

/**
 * Operations, each guarded by a test of the whole rule at its place as it was read; [] = all is as wanted.
 */
export function patchRules({ path, destinations, users, own, wantedOwn }: RuleList): JsonPatchOp[] {
  const renewed = !sameRules(own, wantedOwn) || !wellPlaced(own, wantedOwn);
  const changed = users.filter(({ rule, wanted }) => !equalJson(rule, wanted));
  const removed = renewed ? own : [];
  const guards = new Map(
    [...changed, ...removed, ...(renewed ? users : [])].map((each) => [each.index, each]),
  );
  const shifted = (index: number) => index - removed.filter((each) => each.index < index).length;
  return [
    ...[...guards.values()].map(({ index, rule }) => test(`${path}/${index}`, rule)),
    // From the last to the first, so that earlier places do not change.
    ...[...removed].reverse().map(({ index }) => remove(`${path}/${index}`)),
    ...changed.flatMap(({ index, rule, wanted }) =>
      changes(`${path}/${shifted(index)}`, destinations, rule, wanted),
    ),
    ...(renewed ? additions(path, wantedOwn, shifted) : []),
  ];
}

/** Old servers do not keep the names of rules. */
export const sameRules = (live: readonly OwnRule[], wanted: readonly OwnRule[]): boolean =>
  live.length === wanted.length &&
  live.every(({ rule }, i) => {
    const other = wanted[i]?.rule ?? {};
    return equalJson(rule, rule['name'] === undefined ? { ...other, name: undefined } : other);
  });

/** Does each stand before its rule of the user's, with only rules of ours between them? */
export function wellPlaced(own: RuleList['own'], wanted: readonly OwnRule[]): boolean {
  const places = new Set(own.map(({ index }) => index));
  return own.every(({ index }, i) => {
    const before = wanted[i]?.before;
    let next = index + 1;
    while (places.has(next)) next++;
    return before === undefined || before === next;
  });
}

/** Those with a place go from the last to the first, so that earlier places do not change. */
function additions(
  path: string,
  wanted: readonly OwnRule[],
  shifted: (index: number) => number,
): JsonPatchOp[] {
  const placed = wanted.flatMap(({ rule, before }) =>
    before === undefined ? [] : [add(`${path}/${shifted(before)}`, rule)],
  );
  const last = wanted.flatMap(({ rule, before }) => (before === undefined ? [add(`${path}/-`, rule)] : []));
  return [...placed.reverse(), ...last];
}

const test = (path: string, value: Json): JsonPatchOp => ({ op: 'test', path, value });
const remove = (path: string): JsonPatchOp => ({ op: 'remove', path });
/** also sets an existing member; `replace` would require that it exists */
const add = (path: string, value: Json): JsonPatchOp => ({ op: 'add', path, value });

function changes(path: string, destinations: string, rule: JsonObject, wanted: JsonObject): JsonPatchOp[] {
  const keys = [...new Set([...Object.keys(rule), ...Object.keys(wanted)])];
  return keys.flatMap((key): JsonPatchOp[] => {
    const [from, to] = [rule[key], wanted[key]];
    if (equalJson(from, to)) return [];
    if (key === destinations) return changedDestinations(`${path}/${key}`, listOf(from), listOf(to));
    if (to === undefined) return [remove(`${path}/${key}`)];
    return [
      from === undefined ? add(`${path}/${key}`, to) : { op: 'replace', path: `${path}/${key}`, value: to },
    ];
  });
}

const listOf = (value: Json | undefined) => (Array.isArray(value) ? (value as JsonObject[]) : []);

function changedDestinations(path: string, live: JsonObject[], wanted: JsonObject[]): JsonPatchOp[] {
  const sameBut = (a: JsonObject, b: JsonObject) => equalJson({ ...a, weight: null }, { ...b, weight: null });
  const onlyWeights =
    live.length === wanted.length && live.every((each, i) => sameBut(each, wanted[i] ?? {}));
  if (!onlyWeights) return [{ op: 'replace', path, value: wanted }];
  return wanted.flatMap(({ weight }, i): JsonPatchOp[] => {
    if (weight === live[i]?.['weight']) return [];
    const at = `${path}/${i}/weight`;
    return [weight === undefined ? remove(at) : add(at, weight)];
  });
}
