import { without } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { apiVersionOf } from '../registry/kind.ts';
import { present } from '../registry/target.ts';
import type { Target } from '../registry/target.ts';
import { partial } from './representation.ts';
import type { Wanted } from './representation.ts';

/**
 * Stored objects never change, so each is serialised once for each representation, for all lists and watches.
 */
const cache = new WeakMap<JsonObject, Map<string, string>>();

function once(object: JsonObject, key: string, make: () => string): string {
  let known = cache.get(object);
  if (!known) cache.set(object, (known = new Map<string, string>()));
  let text = known.get(key);
  if (text === undefined) known.set(key, (text = make()));
  return text;
}

const versionOf = ({ kind, version }: Target): string => apiVersionOf(kind, version.name);

/** The object as an item of a built-in list: without kind and apiVersion. */
export function bareText(target: Target, object: JsonObject): string {
  return once(object, versionOf(target), () =>
    JSON.stringify(without(present(target, object), 'kind', 'apiVersion')),
  );
}

/** The object, or only its metadata, as `wanted` says (which is not a table). */
export function fullText(target: Target, object: JsonObject, wanted: Wanted): string {
  if (wanted.shape !== 'object')
    return once(object, `${versionOf(target)} partial ${wanted.version}`, () =>
      JSON.stringify(partial(present(target, object), wanted.version)),
    );
  const names = JSON.stringify({ kind: target.kind.kind, apiVersion: versionOf(target) });
  return `${names.slice(0, -1)},${bareText(target, object).slice(1)}`;
}
