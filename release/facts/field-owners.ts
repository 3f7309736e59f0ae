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
 * A server-side apply (Helm 4, kubectl, Flux) is refused where it changes a field that another manager owns, and a write of ours
 * makes us the owner of what it changes; of a route that is the whole list of rules. So who owned a field of a user's object gets it
 * back after each of our writes. At rest we own nothing there but the hold itself.
 */

/** Of a Deployment: while we hold it, nobody else may resume it in passing. */
const HOLD = fromFieldsV1({
  'f:metadata': { 'f:annotations': { [`f:${ANNOTATION.held}`]: {} } },
  'f:spec': { 'f:paused': {} },
});

/** Of a Deployment, where nobody else owns it: `sluice restart` is an order, as `kubectl rollout restart` is. */
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

/** A status is written by others and applied by nobody. */
const isStatus = ({ raw }: Entry): boolean => getString(raw, 'subresource') === 'status';

const isSame = (a: Entry, b: Entry): boolean =>
  ['manager', 'operation', 'apiVersion', 'subresource'].every(
    (part) => getString(a.raw, part) === getString(b.raw, part),
  );

const isDeployment = ({ kind }: KubeObject): boolean => kind === RESOURCES.deployments.kind;

/** What Sluice made is its own. */
const isMade = ({ metadata: { labels } }: KubeObject): boolean =>
  labels?.[LABEL.managedBy] === FIELD_MANAGER && labels[LABEL.target] !== undefined;

/**
 * The managedFields that `after`, an object of a user's, has to have so that everybody owns what they owned before our write;
 * undefined: it has them.
 *
 * @param before the object as it was before the write; undefined: not known any more, because the process died in between. Then what
 * we must not own goes to whoever owns what lies nearest.
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

/** An empty list would not be taken for one: the server then forgets who owns what, and tracks nobody any more. */
const isAsWanted = (now: readonly Entry[], wanted: readonly JsonObject[]): boolean =>
  wanted.length === 0 ||
  (now.length === wanted.length &&
    now.every(({ raw, fields }) =>
      wanted.some((each) => equalJson(each, { ...raw, fieldsV1: toFieldsV1(fields) })),
    ));

/** A manager that had nothing left is in the list again, with the time it had. */
function added(entries: readonly Entry[], more: Entry): Entry[] {
  const known = entries.some((entry) => isSame(entry, more));
  if (!known) return [...entries, more];
  return entries.map((entry) =>
    isSame(entry, more) ? { ...entry, fields: union(entry.fields, more.fields) } : entry,
  );
}

/** A manager, and what it owns below the path that is being looked at. */
interface Candidate {
  entry: Entry;
  below: FieldSet;
}

/**
 * Fields that are to be ours no longer, for whoever owns the nearest field: the one who owns the rest of a template owns what was put
 * back into it. What nobody owns anything near of is left without an owner.
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

/** Who applies says what is to be there; of others the last to write. */
function bestOf(candidates: readonly Candidate[]): Entry | undefined {
  const rank = ({ raw }: Entry): string =>
    `${getString(raw, 'operation') === 'Apply' ? 1 : 0} ${getString(raw, 'time') ?? ''}`;
  const entries = candidates.map(({ entry }) => entry);
  return entries.sort((a, b) => (rank(a) < rank(b) ? 1 : -1))[0];
}

const at = (path: readonly string[], set: FieldSet): FieldSet =>
  path.reduceRight((below, step) => ({ member: false, children: new Map([[step, below]]) }), set);
