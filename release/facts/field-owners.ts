import {
  difference,
  emptySet,
  fromFieldsV1,
  intersection,
  isEmpty,
  leaf,
  toFieldsV1,
  union,
  type FieldSet,
} from '../../api/field-sets.ts';
import { equalJson, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ANNOTATION, FIELD_MANAGER, LABEL } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';

/*
 * A server-side apply (Helm 4, kubectl, Flux) is refused where it changes a field that another manager owns. A write of
 * ours makes us the owner of what it changes; in a route that is the whole list of rules. So after each of our writes
 * to a user's object the earlier owners get their fields back. Between writes we own nothing there except the hold
 * itself.
 */

/** On a Deployment that we hold: no other manager may un-pause it as a side effect. */
const HOLD = fromFieldsV1({
  'f:metadata': { 'f:annotations': { [`f:${ANNOTATION.held}`]: {} } },
  'f:spec': { 'f:paused': {} },
});

/**
 * On a Deployment, fields that may stay ours if no other manager owns them: `sluice restart` is an order, as `kubectl
 * rollout restart` is.
 */
const MAY_STAY = fromFieldsV1({
  'f:metadata': { 'f:annotations': { '.': {}, [`f:${ANNOTATION.held}`]: {} } },
  'f:spec': {
    'f:paused': {},
    'f:template': {
      'f:metadata': {
        '.': {},
        'f:annotations': { '.': {}, 'f:kubectl.kubernetes.io/restartedAt': {} },
      },
    },
  },
});

/** One entry of managedFields. */
interface Entry {
  raw: JsonObject;
  fields: FieldSet;
}

const entriesOf = ({ metadata }: KubeObject): Entry[] =>
  getObjects(metadata, 'managedFields').map((raw) => ({ raw, fields: fromFieldsV1(raw['fieldsV1']) }));

const isOurs = ({ raw }: Entry): boolean =>
  getString(raw, 'manager') === FIELD_MANAGER && getString(raw, 'subresource') === undefined;

/** A status is left out: controllers write it, and no one applies it. */
const isStatus = ({ raw }: Entry): boolean => getString(raw, 'subresource') === 'status';

const isSame = (a: Entry, b: Entry): boolean =>
  ['manager', 'operation', 'apiVersion', 'subresource'].every(
    (part) => getString(a.raw, part) === getString(b.raw, part),
  );

const isDeployment = ({ kind }: KubeObject): boolean => kind === RESOURCES.deployments.kind;

/** Sluice owns the objects that it made. */
const isMade = ({ metadata: { labels } }: KubeObject): boolean =>
  labels?.[LABEL.managedBy] === FIELD_MANAGER && labels[LABEL.target] !== undefined;

/**
 * The managedFields that `after`, a user's object, needs so that every manager owns what it owned before our write;
 * undefined: it has them.
 *
 * @param before the object before the write; undefined: not known any more, because the process died in between. Then
 * each field that we must not own goes to the manager that owns the nearest field.
 */
export function ownersAfter(after: KubeObject, before?: KubeObject): JsonObject[] | undefined {
  const now = entriesOf(after);
  const ours = now.filter(isOurs);
  if (ours.length === 0 || isMade(after)) return undefined;
  const hold = isDeployment(after) ? HOLD : emptySet();
  const mayStay = isDeployment(after) ? MAY_STAY : emptySet();
  const held = ours.reduce((all, { fields }) => union(all, fields), emptySet());
  const returned = (before === undefined ? [] : entriesOf(before))
    .filter((entry) => !isOurs(entry) && !isStatus(entry))
    .map((entry) => ({ ...entry, fields: intersection(entry.fields, difference(held, hold)) }))
    .filter(({ fields }) => !isEmpty(fields));
  const theirs = returned.reduce(
    added,
    now.filter((entry) => !isOurs(entry)),
  );
  const taken = returned.reduce((all, { fields }) => union(all, fields), emptySet());
  const stray = difference(difference(held, taken), mayStay);
  const heirs = inherited(
    stray,
    theirs.filter((entry) => !isStatus(entry)),
  );
  const kept = ours.map((entry) => ({
    ...entry,
    fields: difference(difference(entry.fields, taken), stray),
  }));
  const wanted = [...heirs.reduce(added, theirs), ...kept]
    .filter(({ fields }) => !isEmpty(fields))
    .map(({ raw, fields }) => ({ ...raw, fieldsV1: toFieldsV1(fields) }));
  return isAsWanted(now, wanted) ? undefined : wanted;
}

/** An empty list must never be written: the server would then forget all owners and stop tracking them. */
const isAsWanted = (now: readonly Entry[], wanted: readonly JsonObject[]): boolean =>
  wanted.length === 0 ||
  (now.length === wanted.length &&
    now.every(({ raw, fields }) =>
      wanted.some((each) => equalJson(each, { ...raw, fieldsV1: toFieldsV1(fields) })),
    ));

/** A manager that owned nothing any more returns to the list, with its earlier time. */
function added(entries: readonly Entry[], more: Entry): Entry[] {
  const known = entries.some((entry) => isSame(entry, more));
  if (!known) return [...entries, more];
  return entries.map((entry) =>
    isSame(entry, more) ? { ...entry, fields: union(entry.fields, more.fields) } : entry,
  );
}

/** A manager, and what it owns below the current path. */
interface Candidate {
  entry: Entry;
  below: FieldSet;
}

/**
 * Gives fields that we must no longer own to the manager that owns the nearest field: the one that owns the rest of a
 * template owns what was put back into it. A field without any owner nearby is left without one.
 */
function inherited(stray: FieldSet, entries: readonly Entry[]): Entry[] {
  const candidates = entries.map((entry) => ({ entry, below: entry.fields }));
  return [...stray.children].flatMap(([step, child]) => heirsOf([step], child, nearer(candidates, step)));
}

const nearer = (candidates: readonly Candidate[], step: string): Candidate[] =>
  candidates.flatMap(({ entry, below }) => {
    const child = below.children.get(step);
    return child === undefined ? [] : [{ entry, below: child }];
  });

function heirsOf(path: string[], set: FieldSet, candidates: readonly Candidate[]): Entry[] {
  const best = bestOf(candidates);
  if (best === undefined) return [];
  const own = set.member ? [{ ...best, fields: at(path, leaf()) }] : [];
  const below = [...set.children].flatMap(([step, child]) => {
    const next = nearer(candidates, step);
    const here = [...path, step];
    return next.length === 0 ? [{ ...best, fields: at(here, child) }] : heirsOf(here, child, next);
  });
  return [...own, ...below];
}

/** A manager that applies declares what should exist, so it comes first; of the others, the last to write. */
function bestOf(candidates: readonly Candidate[]): Entry | undefined {
  const rank = ({ raw }: Entry): string =>
    `${getString(raw, 'operation') === 'Apply' ? 1 : 0} ${getString(raw, 'time') ?? ''}`;
  const entries = candidates.map(({ entry }) => entry);
  return entries.sort((a, b) => (rank(a) < rank(b) ? 1 : -1))[0];
}

const at = (path: readonly string[], set: FieldSet): FieldSet =>
  path.reduceRight((below, step) => ({ member: false, children: new Map([[step, below]]) }), set);
