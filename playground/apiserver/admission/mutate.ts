import { mergeApplied } from '../apply/merge.ts';
import { ApiError } from '../errors.ts';
import { equal, isObject, object } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import type { Target } from '../registry/target.ts';
import { nameOf, scopeOf } from './attributes.ts';
import type { Attributes } from './attributes.ts';
import { boundTo, paramsFor } from './bindings.ts';
import type { Bound, Source } from './bindings.ts';
import { fromCel, toCel } from './cel.ts';
import type { Scope } from './cel.ts';
import { reasonOf } from '../cel/check.ts';
import { applies, mutatingPolicy, withVariables } from './policy.ts';
import type { MutatingPolicy, Mutation } from './policy.ts';

type BoundMutation = Bound<MutatingPolicy>;

/**
 * `attributes.object` after the mutating policies; throws an ApiError if a policy fails that must not fail.
 */
export function mutate(source: Source, attributes: Attributes): JsonObject {
  let current = object(attributes.object);
  const ran: { bound: BoundMutation; after: JsonObject }[] = [];
  for (const bound of boundTo(source, 'mutating', mutatingPolicy, attributes)) {
    const next = runPolicy(source, bound, { ...attributes, object: current });
    if (!next) continue;
    current = next;
    ran.push({ bound, after: current });
  }
  // once more for those that asked for it, if later policies changed their result
  for (const { bound, after } of ran) {
    if (!bound.policy.reinvoked || equal(after, current)) continue;
    current = runPolicy(source, bound, { ...attributes, object: current }) ?? current;
  }
  return current;
}

/** The object after one policy; undefined if the policy does not apply, or could not be evaluated and may not fail. */
function runPolicy(source: Source, bound: BoundMutation, attributes: Attributes): JsonObject | undefined {
  const { policy } = bound;
  try {
    let applied = false;
    let current = object(attributes.object);
    for (const params of paramsFor(source, bound, attributes)) {
      const scope = { ...scopeOf({ ...attributes, object: current }), params: toCel(params) };
      if (!applies(policy, scope)) continue;
      applied = true;
      for (const mutation of policy.mutations)
        current = step(policy, mutation, current, { attributes, scope });
    }
    return applied ? current : undefined;
  } catch (error) {
    if (!policy.fails) return undefined;
    throw refusal(bound, attributes, error);
  }
}

interface Run {
  attributes: Attributes;
  scope: Scope;
}

function step(policy: MutatingPolicy, mutation: Mutation, current: JsonObject, run: Run): JsonObject {
  const { target } = run.attributes;
  const scope = withVariables(policy, { ...run.scope, object: toCel(current) });
  const result = fromCel(mutation.run(scope));
  if (mutation.type === 'JSONPatch') {
    if (!Array.isArray(result)) throw new Error('the JSONPatch expression gives no list of operations');
    return decoded(target, object(jsonPatch(current, result)));
  }
  if (!isObject(result)) throw new Error('the ApplyConfiguration expression gives no Object');
  const schema = target.kind.versions[0]?.schema ?? target.version.schema;
  return decoded(target, object(mergeApplied(schema, current, result)));
}

/**
 * Reads the changed object as if a client had sent it, so that a field that the kind does not have is an
 * error.
 */
function decoded(target: Target, changed: JsonObject): JsonObject {
  const stored = target.kind.versions[0] ?? target.version;
  const { value, unknown } = stored.read(changed);
  if (unknown.length > 0) throw new Error(`field not declared in schema: ${unknown.join(', ')}`);
  return { ...value, apiVersion: changed['apiVersion'], kind: changed['kind'] };
}

function refusal({ policy, binding }: BoundMutation, { target, name }: Attributes, error: unknown): ApiError {
  const { group, plural } = target.kind;
  const resource = group === '' ? plural : `${plural}.${group}`;
  const why = `policy '${policy.name}' with binding '${nameOf(binding)}' denied request: ${reasonOf(error)}`;
  return new ApiError(403, 'Forbidden', `${resource} "${name}" is forbidden: ${why}`, {
    name,
    ...(group === '' ? {} : { group }),
    kind: plural,
    causes: [{ message: why }],
  });
}
