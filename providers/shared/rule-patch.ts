import { equalJson } from '../../lib/json.ts';
import type { JsonPatchOp } from '../../api/kube.ts';
import type { Json, JsonObject } from '../../lib/json.ts';

/** What is to become of one list of rules. */
export interface RuleList {
  /** e.g. `/spec/rules` */
  path: string;
  /** the field of a rule that holds its destinations */
  destinations: string;
  /** the user's rules that are to be changed, or that rules of ours are made of */
  users: { index: number; rule: JsonObject; wanted: JsonObject }[];
  /** rules of ours as they stand there */
  own: { index: number; rule: JsonObject }[];
  /** rules of ours as they should be, in their order */
  wantedOwn: OwnRule[];
}

/** A rule of our own, made of one of the user's. */
export interface OwnRule {
  rule: JsonObject;
  /** place of the user's rule it has to stand in front of; absent: anywhere, new ones come last */
  before?: number;
}

/** Operations guarded by every rule they are about, whole and at its place as it was read; [] = all is as wanted. */
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
    // From the last to the first, so that places before them stay.
    ...[...removed].reverse().map(({ index }) => remove(`${path}/${index}`)),
    ...changed.flatMap(({ index, rule, wanted }) =>
      changes(`${path}/${shifted(index)}`, destinations, rule, wanted),
    ),
    ...(renewed ? additions(path, wantedOwn, shifted) : []),
  ];
}

/** Old servers keep no names of rules. */
export const sameRules = (live: readonly OwnRule[], wanted: readonly OwnRule[]): boolean =>
  live.length === wanted.length &&
  live.every(({ rule }, i) => {
    const other = wanted[i]?.rule ?? {};
    return equalJson(rule, rule['name'] === undefined ? { ...other, name: undefined } : other);
  });

/** Does each stand in front of its rule of the user's, with nothing but others of ours between them? */
export function wellPlaced(own: RuleList['own'], wanted: readonly OwnRule[]): boolean {
  const places = new Set(own.map(({ index }) => index));
  return own.every(({ index }, i) => {
    const before = wanted[i]?.before;
    let next = index + 1;
    while (places.has(next)) next++;
    return before === undefined || before === next;
  });
}

/** Those with a place from the last to the first, so that places before them stay. */
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
/** sets an existing member too; `replace` would need it to be there */
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
