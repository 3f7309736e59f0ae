/** The objects of a collection that a request means. */
import type { JsonObject } from '../json.ts';
import { get, strings, text } from '../json.ts';
import type { Kind } from '../registry/kind.ts';
import { checkFields, matches, matchesFields, parseFields, parseLabels } from '../selectors.ts';
import type { FieldTerm } from '../selectors.ts';

export interface Selection {
  namespace: string | undefined;
  /** set by a selector on metadata.name */
  everything: boolean;
  includes(object: JsonObject): boolean;
}

function fieldsOf(kind: Kind, object: JsonObject): Record<string, string> {
  return {
    ...kind.strategy.selectable?.(object),
    'metadata.name': text(get(object, 'metadata', 'name')),
    ...(kind.namespaced ? { 'metadata.namespace': text(get(object, 'metadata', 'namespace')) } : {}),
  };
}

/** Throws a 400 for selectors that do not parse or name fields that the kind does not offer. */
export function selection(kind: Kind, namespace: string | undefined, query: URLSearchParams): Selection {
  const labels = parseLabels(query.get('labelSelector') ?? '');
  const fields: FieldTerm[] = parseFields(query.get('fieldSelector') ?? '');
  checkFields(fields, fieldsOf(kind, {}));
  return {
    namespace,
    everything: labels.length === 0 && fields.length === 0,
    includes: (object) =>
      (labels.length === 0 || matches(labels, strings(get(object, 'metadata', 'labels')))) &&
      (fields.length === 0 || matchesFields(fields, fieldsOf(kind, object))),
  };
}
