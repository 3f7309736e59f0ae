/** Which policies apply to a write, and with which parameters. */
import { get, object, text } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { matchesSelector } from '../selectors.ts';
import { labelsOf, nameOf } from './attributes.ts';
import type { Attributes } from './attributes.ts';
import { matches } from './match.ts';
import type { Policy } from './policy.ts';

/** Reads the stored objects of a resource, e.g. "mutatingadmissionpolicies.admissionregistration.k8s.io". */
export interface Source {
  list(resource: string, namespace?: string): JsonObject[];
  /** the storage key of a kind; undefined if it is not served */
  resourceOf(apiVersion: string, kind: string): { resource: string; namespaced: boolean } | undefined;
}

/** A policy that a binding applies to a write. */
export interface Bound<P extends Policy> {
  policy: P;
  binding: JsonObject;
}

const GROUP = 'admissionregistration.k8s.io';

/** Policies do not apply to policies, or a bad one could not be removed. */
const EXEMPT = new Set([
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
]);

/** Policies (with their bindings) whose constraints match, in order of name. */
export function boundTo<P extends Policy>(
  source: Source,
  word: 'mutating' | 'validating',
  read: (stored: JsonObject) => P,
  attributes: Attributes,
): Bound<P>[] {
  const { kind } = attributes.target;
  if (kind.group === GROUP && EXEMPT.has(kind.plural)) return [];
  const bindings = source.list(`${word}admissionpolicybindings.${GROUP}`);
  if (bindings.length === 0) return [];
  return source.list(`${word}admissionpolicies.${GROUP}`).flatMap((stored) => {
    const own = bindings.filter((binding) => get(binding, 'spec', 'policyName') === nameOf(stored));
    if (own.length === 0) return [];
    const policy = read(stored);
    if (!matches(policy.constraints, attributes)) return [];
    return own
      .filter((binding) => matches(object(get(binding, 'spec', 'matchResources')), attributes))
      .map((binding) => ({ policy, binding }));
  });
}

/**
 * The parameters of a policy: it runs once for each. A single undefined for a policy without parameters.
 * Throws if the binding asks for refusal when there are none, or if the kind is not served.
 */
export function paramsFor(
  source: Source,
  { policy, binding }: Bound<Policy>,
  attributes: Attributes,
): (JsonObject | undefined)[] {
  const { paramKind } = policy;
  if (!paramKind) return [undefined];
  const served = source.resourceOf(paramKind.apiVersion, paramKind.kind);
  if (!served)
    throw new Error(
      `failed to find resource referenced by paramKind: '${paramKind.apiVersion}, Kind=${paramKind.kind}'`,
    );
  const ref = object(get(binding, 'spec', 'paramRef'));
  const namespace = text(ref['namespace']) || attributes.target.namespace;
  const all = source.list(served.resource, served.namespaced ? namespace : undefined);
  const name = text(ref['name']);
  const found = all.filter((candidate) =>
    name === '' ? matchesSelector(object(ref['selector']), labelsOf(candidate)) : nameOf(candidate) === name,
  );
  if (found.length === 0 && ref['parameterNotFoundAction'] !== 'Allow')
    throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction');
  return found;
}
