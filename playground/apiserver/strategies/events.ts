/** One store with two forms: core/v1 and events.k8s.io/v1. Stored in the core form. */
import type { Causes } from '../errors.ts';
import { child, clone, equal, fill, get, object, text } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { builtin, builtinVersion } from '../registry/kind.ts';
import type { Kind } from '../registry/kind.ts';
import { age, column, NAME } from './columns.ts';

/** core field → events.k8s.io field */
const RENAMED: Record<string, string> = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
};

function rename(source: JsonObject, names: [string, string][]): JsonObject {
  const out = clone(source);
  for (const [from, to] of names) {
    if (out[from] === undefined) continue;
    out[to] = out[from];
    Reflect.deleteProperty(out, from);
  }
  return out;
}

const pairs = Object.entries(RENAMED);

function fromStored(stored: JsonObject): JsonObject {
  const out = rename(stored, pairs);
  for (const name of ['reportingController', 'reportingInstance']) if (out[name] === '') delete out[name];
  return out;
}

/** Marks events so that validation knows which rules apply; the mark is not stored. */
const STRICT = new WeakSet<JsonObject>();

function toStored(source: JsonObject): JsonObject {
  const out = rename(
    source,
    pairs.map(([core, events]) => [events, core]),
  );
  STRICT.add(out);
  return out;
}

function validateStrict(event: JsonObject, causes: Causes): void {
  if (text(event['eventTime']) === '') causes.required('eventTime');
  const type = text(event['type']);
  if (type !== 'Normal' && type !== 'Warning') causes.invalid('type', '', `has invalid value: ${type}`);
  if (text(event['message']).length > 1024) causes.invalid('message', '', 'can have at most 1024 characters');
}

function validate(event: JsonObject, causes: Causes, old: JsonObject | undefined): void {
  const reference = text(get(event, 'involvedObject', 'namespace'));
  if (reference !== '' && reference !== text(get(event, 'metadata', 'namespace'))) {
    causes.invalid('involvedObject.namespace', reference, 'does not match event.namespace');
  }
  if (!STRICT.has(event)) return;
  if (!old) return validateStrict(event, causes);
  for (const field of [
    'involvedObject',
    'reason',
    'message',
    'action',
    'type',
    'eventTime',
    'reportingComponent',
  ]) {
    if (!equal(event[field], old[field])) causes.invalid(field, event[field], 'field is immutable');
  }
}

function selectable(event: JsonObject): Record<string, string> {
  const out: Record<string, string> = {};
  const reference = object(event['involvedObject']);
  for (const name of ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']) {
    out[`involvedObject.${name}`] = text(reference[name]);
    out[`regarding.${name}`] = text(reference[name]);
  }
  const source = text(get(event, 'source', 'component'));
  const reporter = text(event['reportingComponent']);
  return {
    ...out,
    reason: text(event['reason']),
    type: text(event['type']),
    reportingComponent: reporter,
    reportingController: reporter,
    source: source === '' ? reporter : source,
  };
}

const lastSeen = (event: JsonObject): string =>
  text(get(event, 'series', 'lastObservedTime')) ||
  text(event['lastTimestamp'] ?? event['deprecatedLastTimestamp']) ||
  text(event['eventTime']) ||
  text(get(event, 'metadata', 'creationTimestamp'));

const firstSeen = (event: JsonObject): string =>
  text(event['firstTimestamp'] ?? event['deprecatedFirstTimestamp']) || lastSeen(event);

function subject(event: JsonObject): string {
  const reference = object(event['involvedObject'] ?? event['regarding']);
  return `${text(reference['kind']).toLowerCase()}/${text(reference['name'])}`;
}

const sourceCell = (event: JsonObject): string =>
  text(get(event, 'source', 'component')) ||
  text(get(event, 'deprecatedSource', 'component')) ||
  text(event['reportingComponent'] ?? event['reportingController']);

const columns = [
  column('Last Seen', (o, now) => age(lastSeen(o), now)),
  column('Type', (o) => text(o['type'])),
  column('Reason', (o) => text(o['reason'])),
  column('Object', subject),
  column('Subobject', (o) => text(get(o, 'involvedObject', 'fieldPath')), { wide: true }),
  column('Source', sourceCell, { wide: true }),
  column('Message', (o) => text(o['message'] ?? o['note']).trim()),
  column('First Seen', (o, now) => age(firstSeen(o), now), { wide: true }),
  column('Count', (o) => Number(get(o, 'series', 'count') ?? o['count'] ?? o['deprecatedCount'] ?? 1), {
    wide: true,
  }),
  { ...NAME, priority: 1 },
];

export const events: Kind = builtin({
  plural: 'events',
  kind: 'Event',
  model: 'CoreV1Event',
  shortNames: ['ev'],
  columns,
  strategy: {
    defaults(event) {
      child(event, 'source');
      fill(event, 'reportingComponent', '');
      fill(event, 'reportingInstance', '');
    },
    validate,
    selectable,
  },
});

/** The events.k8s.io form; its resource name is `events`, so it shares that storage. */
export const newEvents: Kind = {
  ...events,
  group: 'events.k8s.io',
  versions: [{ ...builtinVersion('v1', 'EventsV1Event', columns), toStored, fromStored }],
};
