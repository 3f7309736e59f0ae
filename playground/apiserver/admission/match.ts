/** matchConstraints of a policy and matchResources of a binding. */
import { list, object, objects, text, words } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { matchesSelector } from '../selectors.ts';
import type { Attributes } from './attributes.ts';
import { labelsOf } from './attributes.ts';

const has = (values: string[], wanted: string): boolean => values.includes('*') || values.includes(wanted);

/** "deployments", "deployments/status", "deployments/*", "*" (no subresource), and "*" + "/status" or "/*". */
function matchesResource(pattern: string, plural: string, subresource: string): boolean {
  const [resource = '', sub = ''] = pattern.split('/');
  if (resource !== '*' && resource !== plural) return false;
  return sub === '*' || sub === subresource;
}

function matchesRule(rule: JsonObject, attributes: Attributes, exactVersion: boolean): boolean {
  const { kind, version, subresource = '' } = attributes.target;
  const names = words(rule['resourceNames']);
  const scope = text(rule['scope']);
  // "Equivalent": another served version of the same kind also matches
  const versions = exactVersion ? [version.name] : kind.versions.map(({ name }) => name);
  return (
    has(words(rule['apiGroups']), kind.group) &&
    versions.some((name) => has(words(rule['apiVersions']), name)) &&
    has(words(rule['operations']), attributes.operation) &&
    words(rule['resources']).some((pattern) => matchesResource(pattern, kind.plural, subresource)) &&
    (names.length === 0 || names.includes(attributes.name)) &&
    (scope === '' || scope === '*' || (scope === 'Namespaced') === kind.namespaced)
  );
}

function matchesNamespace(constraints: JsonObject, attributes: Attributes): boolean {
  const { target, namespace } = attributes;
  const itself = target.kind.resource === 'namespaces' ? (attributes.object ?? attributes.old) : namespace;
  return itself === undefined || matchesSelector(object(constraints['namespaceSelector']), labelsOf(itself));
}

function matchesObject(constraints: JsonObject, { object: next, old }: Attributes): boolean {
  const selector = object(constraints['objectSelector']);
  return [next, old].some((each) => each !== undefined && matchesSelector(selector, labelsOf(each)));
}

/** Do the constraints include the write? Constraints without resourceRules include every resource. */
export function matches(constraints: JsonObject, attributes: Attributes): boolean {
  const exact = constraints['matchPolicy'] === 'Exact';
  const rule = (each: JsonObject): boolean => matchesRule(each, attributes, exact);
  if (objects(constraints['excludeResourceRules']).some(rule)) return false;
  const rules = constraints['resourceRules'];
  if (list(rules).length > 0 && !objects(rules).some(rule)) return false;
  return matchesNamespace(constraints, attributes) && matchesObject(constraints, attributes);
}
