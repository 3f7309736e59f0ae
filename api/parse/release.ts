import type { AnalysisState, Verdict } from '../analysis.ts';
import { isObject } from '../../lib/json.ts';
import type { ObjectMeta } from '../kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type {
  BoundedClock,
  Condition,
  DecisionRecord,
  Intent,
  Phase,
  Release,
  ReleaseSpec,
  ReleaseStatus,
  TrafficShare,
  Trouble,
} from '../release.ts';
import { reasonOf, type Reason } from '../reasons.ts';
import { PROMOTED_FOR, SHARE_REASONS, WAITS_FOR, WITHDRAWN_ENDS, WITHHELD_FOR } from '../release.ts';
import type { Result } from '../../lib/result.ts';
import { Fields, complain, kindOf, parseWith, rawObject, type Read } from '../../lib/schema/fields.ts';
import { METRIC_KINDS } from '../kinds/template/metric.ts';
import { oneOf } from '../../lib/schema/read.ts';

export const PHASES = [
  'Pending',
  'Progressing',
  'Waiting',
  'Promoting',
  'Promoted',
  'RollingBack',
  'RolledBack',
  'Superseded',
  'Aborted',
  'Escaped',
  'Blocked',
] as const satisfies readonly Phase[];

export const INTENTS = ['Auto', 'Pause', 'Promote', 'Abort'] as const satisfies readonly Intent[];

const RECREATE = 'only Sluice writes this; delete the Release and let Sluice make a new one';

const is =
  <T>(test: (value: unknown) => value is T, wanted: string): Read<T> =>
  (value, place) =>
    test(value) ? value : complain(place, value, `is ${kindOf(value)}, not ${wanted}`, RECREATE);

const string = is((value) => typeof value === 'string', 'text');
/** What a later version says that this one does not know is no reason to throw the record away. */
const reason: Read<Reason> = (value, place) => {
  const text = string(value, place);
  return text === undefined ? undefined : reasonOf(text);
};
const finite = is(
  (value): value is number => typeof value === 'number' && Number.isFinite(value),
  'a number',
);
const integer = is((value): value is number => Number.isSafeInteger(value), 'a whole number');
const numbers = is(isNumberMap, 'a map of numbers');
const objects = is(isObjectList, 'a list of objects');
const time = is(isTime, 'a time in RFC 3339 form');
const observed = is(
  (value): value is number | null => value === null || Number.isFinite(value),
  'a number or null',
);

function isNumberMap(value: unknown): value is Record<string, number> {
  return isObject(value) && Object.values(value).every((item) => typeof item === 'number');
}

function isObjectList(value: unknown): value is JsonObject[] {
  return Array.isArray(value) && value.every(isObject);
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
}

/** Checks some fields of an object by name and hands the object back with them as they were read, unknown fields and all. */
function shaped<T>(
  required: Record<string, Read<unknown>>,
  optional: Record<string, Read<unknown>> = {},
): Read<T> {
  return (value, place) => {
    const fields = Fields.open(value, place);
    if (fields === undefined) return undefined;
    const read = [
      ...Object.entries(required).map(([name, item]) => [name, fields.required(name, item, RECREATE)]),
      ...Object.entries(optional).map(([name, item]) => [name, fields.optional(name, item)]),
    ].filter(([, item]) => item !== undefined);
    return { ...(isObject(value) ? value : {}), ...Object.fromEntries(read) } as T;
  };
}

function listOf<T>(item: Read<T>): Read<T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) return complain(place, value, `is ${kindOf(value)}, not a list`, RECREATE);
    return value
      .map((entry, index) => item(entry, { path: `${place.path}[${index}]`, issues: place.issues }))
      .filter((entry) => entry !== undefined);
  };
}

function mapOf<T>(item: Read<T>): Read<Record<string, T>> {
  return (value, place) => {
    const fields = Fields.open(value, place);
    if (fields === undefined) return undefined;
    for (const name of fields.names()) fields.optional(name, item);
    return value as Record<string, T>;
  };
}

const spec: Read<ReleaseSpec> = shaped(
  {
    target: shaped({ name: string, uid: string }),
    stable: shaped({ replicaSet: string, template: rawObject }),
    canary: shaped({ template: rawObject }),
    policy: rawObject,
    analysis: objects,
    intent: oneOf(INTENTS),
  },
  {
    traffic: shaped(
      {
        provider: string,
        routes: listOf(shaped({ apiVersion: string, kind: string, name: string })),
        rewrite: rawObject,
      },
      {
        service: string,
        canaryService: string,
        preset: shaped(
          { name: string, because: string },
          { requests: shaped({ canary: string, stable: string }), metric: string },
        ),
      },
    ),
  },
);

const RESULTS = ['pass', 'fail', 'inconclusive'] as const;
const verdictFields = { result: oneOf(RESULTS), reason, sentence: string, numbers };
const flag = is((value) => typeof value === 'boolean', 'true or false');
const verdict: Read<Verdict> = shaped(verdictFields, { tolerable: flag });

const VERSION = is((value): value is 1 => value === 1, '1, the version of this layout');

const analysis: Read<AnalysisState> = shaped(
  {
    version: VERSION,
    step: integer,
    gaps: integer,
    metrics: mapOf(
      shaped({ version: integer, type: oneOf(METRIC_KINDS), data: rawObject }, { unread: rawObject }),
    ),
    verdicts: listOf(
      shaped({ ...verdictFields, metric: string, critical: flag, dryRun: flag }, { tolerable: flag }),
    ),
  },
  { measuredUntilMs: finite, dataUntilMs: finite },
);

const share: Read<TrafficShare> = shaped({
  version: VERSION,
  since: time,
  wanted: finite,
  canary: finite,
  stable: finite,
  reason: oneOf(SHARE_REASONS),
  sentence: string,
});

const CLOCKS = ['blind', 'unconfirmed'] as const satisfies readonly BoundedClock['name'][];

const condition: Read<Condition> = shaped({
  type: string,
  status: oneOf(['True', 'False', 'Unknown']),
  reason,
  message: string,
  lastTransitionTime: time,
  observedGeneration: integer,
});

const decision: Read<DecisionRecord> = shaped({ time, reason, sentence: string }, { numbers });

const trouble: Read<Trouble> = shaped({
  since: time,
  needsHuman: flag,
  phase: oneOf(PHASES),
  reason,
  message: string,
});

const status: Read<ReleaseStatus> = shaped(
  {
    observedGeneration: integer,
    phase: oneOf(PHASES),
    reason,
    message: string,
    step: integer,
    steps: integer,
    weight: finite,
    conditions: listOf(condition),
    decisions: listOf(decision),
    startedAt: time,
  },
  {
    stepOf: string,
    mirror: finite,
    matching: flag,
    observedWeight: observed,
    observedMirror: finite,
    observedMatching: flag,
    exposedAt: time,
    stepExposedAt: time,
    weightWrittenAt: time,
    weightObservedAt: time,
    clocks: listOf(shaped({ name: oneOf(CLOCKS), since: time, until: time })),
    withheld: shaped({ reason: oneOf(WITHHELD_FOR), since: time }),
    interruptions: numbers,
    promotedFor: oneOf(PROMOTED_FOR),
    withdrawal: shaped(
      { endsAs: oneOf(WITHDRAWN_ENDS), turnedDown: flag },
      { by: oneOf(['Author', 'OptOut']) },
    ),
    waitsFor: oneOf(WAITS_FOR),
    losses: integer,
    stepStartedAt: time,
    pausedAt: time,
    drainStartedAt: time,
    promotionStartedAt: time,
    canaryReplicas: integer,
    targetGeneration: integer,
    replicaSet: string,
    stableUnavailable: shaped({ since: time, changedAt: time }),
    reasserted: integer,
    reassertedAt: listOf(time),
    analysis,
    verdict,
    share,
    trouble,
    endedAt: time,
  },
);

const metadata: Read<ObjectMeta> = shaped(
  { name: string },
  {
    namespace: string,
    uid: string,
    resourceVersion: string,
    generation: integer,
    annotations: mapOf(string),
  },
);

const release: Read<Omit<Release, 'status'>> = shaped({ apiVersion: string, kind: string, metadata, spec });

/**
 * A Release as read from the API server. Unknown fields stay; an empty status (just created) counts as none. The policy
 * and the templates in it stay raw: read them with parsePolicy and parseTemplate.
 */
export function parseRelease(object: unknown): Result<Release> {
  const rest: JsonObject = isObject(object) ? { ...object } : {};
  delete rest.status;
  const parsed = parseWith<Omit<Release, 'status'>>(isObject(object) ? rest : object, '', release);
  const raw = isObject(object) ? object.status : undefined;
  if (raw === undefined || (isObject(raw) && Object.keys(raw).length === 0)) return parsed;
  const readStatus = parseWith(raw, 'status', status);
  if (!parsed.ok || !readStatus.ok) {
    return { ok: false, issues: [parsed, readStatus].flatMap((result) => (result.ok ? [] : result.issues)) };
  }
  const observedWeight = readStatus.value.observedWeight ?? null;
  return { ok: true, value: { ...parsed.value, status: { ...readStatus.value, observedWeight } } };
}
