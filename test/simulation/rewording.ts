import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../api/kube.ts';
import { getObject, getObjects, isObject, type JsonObject } from '../../lib/json.ts';
import { decide } from '../../release/decide.ts';
import type { Action, Decision, Snapshot } from '../../release/model.ts';

/*
 * Reasons and sentences are for people. If all of them are replaced in the stored objects, a pass has to
 * decide the same.
 */

const WORDS = { reason: 'UnknownReason', message: 'Other words.', sentence: 'Other words.' };

/** What it decides with other words, if that differs; undefined: the same. */
export function steeredByWords(snapshot: Snapshot, decision: Decision): string | undefined {
  const other = decide({ ...snapshot, releases: snapshot.releases.map(reworded) });
  const [as, otherwise] = [meaning(decision), meaning(other)];
  return isDeepStrictEqual(as, otherwise)
    ? undefined
    : `${decision.rule} by these words, ${other.rule} by others: ${JSON.stringify(as)} | ${JSON.stringify(otherwise)}`;
}

function reworded<T extends Pick<KubeObject, 'metadata'> & { status?: unknown }>(release: T): T {
  const status = getObject(release, 'status');
  return status === undefined ? release : { ...release, status: otherwise(status) };
}

function otherwise(status: JsonObject): JsonObject {
  const all = (field: string): JsonObject[] =>
    getObjects(status, field).map((each) => ({ ...each, ...worded(each) }));
  const trouble = getObject(status, 'trouble');
  return {
    ...status,
    ...worded(status),
    decisions: all('decisions'),
    conditions: all('conditions'),
    ...(trouble === undefined ? {} : { trouble: { ...trouble, ...worded(trouble) } }),
  };
}

const worded = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(WORDS).filter(([field]) => field in object));

/** A decision without what is only for people: words, Events, and the sign of failure for native tools. */
function meaning({ rule, outcome, requeueAfterMs, actions, status }: Decision): unknown {
  const steering = Object.entries(status?.next ?? {}).filter(([field]) => !TOLD.has(field));
  return { rule, outcome, requeueAfterMs, actions: actions.filter(isDeed), steering: wordless(steering) };
}

const TOLD = new Set(['reason', 'message', 'decisions', 'conditions', 'trouble']);

const isDeed = (action: Action): boolean =>
  action.do !== 'event' && !(action.do === 'write' && 'subresource' in action.write);

function wordless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wordless);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([field]) => field !== 'sentence');
  return Object.fromEntries(kept.map(([field, each]) => [field, wordless(each)]));
}
