/** Admission policies in the form in which they run, compiled once for each stored version. */
import type { Json, JsonObject } from '../json.ts';
import { get, object, objects, text } from '../json.ts';
import { compile } from './cel.ts';
import type { Expression, Scope } from './cel.ts';
import { nameOf } from './attributes.ts';
import { reasonOf } from '../cel/check.ts';

interface Named {
  name: string;
  run: Expression;
}

export interface Policy {
  name: string;
  /** false: the write continues when the policy cannot be evaluated */
  fails: boolean;
  constraints: JsonObject;
  conditions: Named[];
  variables: Named[];
  /** kind of the objects bound as `params`; undefined for a policy without them */
  paramKind: { apiVersion: string; kind: string } | undefined;
}

export interface Mutation {
  type: 'ApplyConfiguration' | 'JSONPatch';
  run: Expression;
}

export interface MutatingPolicy extends Policy {
  /** runs again after later policies have changed the object */
  reinvoked: boolean;
  mutations: Mutation[];
}

export interface Validation {
  source: string;
  run: Expression;
  message: string;
  messageOf: Expression | undefined;
  reason: string;
}

export interface ValidatingPolicy extends Policy {
  validations: Validation[];
}

const source = (value: Json | undefined): string => text(get(value, 'expression'));

const named = (list: Json | undefined): Named[] =>
  objects(list).map((entry) => ({ name: text(entry['name']), run: compile(source(entry)) }));

function policyOf(stored: JsonObject, spec: JsonObject): Policy {
  const kind = object(spec['paramKind']);
  const paramKind = { apiVersion: text(kind['apiVersion']), kind: text(kind['kind']) };
  return {
    name: nameOf(stored),
    fails: spec['failurePolicy'] !== 'Ignore',
    constraints: object(spec['matchConstraints']),
    conditions: named(spec['matchConditions']),
    variables: named(spec['variables']),
    paramKind: paramKind.kind === '' ? undefined : paramKind,
  };
}

function mutationOf(entry: JsonObject): Mutation {
  if (entry['patchType'] === 'JSONPatch')
    return { type: 'JSONPatch', run: compile(source(entry['jsonPatch'])) };
  return { type: 'ApplyConfiguration', run: compile(source(entry['applyConfiguration'])) };
}

function validationOf(entry: JsonObject): Validation {
  const message = text(entry['messageExpression']);
  return {
    source: source(entry),
    run: compile(source(entry)),
    message: text(entry['message']),
    messageOf: message === '' ? undefined : compile(message),
    reason: text(entry['reason']) || 'Invalid',
  };
}

/** Stored objects never change, so the compiled form stays valid. */
function once<T>(make: (stored: JsonObject) => T): (stored: JsonObject) => T {
  const known = new WeakMap<JsonObject, T>();
  return (stored) => {
    let made = known.get(stored);
    if (made === undefined) known.set(stored, (made = make(stored)));
    return made;
  };
}

export const mutatingPolicy = once((stored): MutatingPolicy => {
  const spec = object(stored['spec']);
  return {
    ...policyOf(stored, spec),
    reinvoked: spec['reinvocationPolicy'] === 'IfNeeded',
    mutations: objects(spec['mutations']).map(mutationOf),
  };
});

export const validatingPolicy = once((stored): ValidatingPolicy => {
  const spec = object(stored['spec']);
  return { ...policyOf(stored, spec), validations: objects(spec['validations']).map(validationOf) };
});

/** The scope with the policy's variables, each evaluated when an expression first uses it. */
export function withVariables(policy: Policy, scope: Scope): Scope {
  const variables: Record<string, unknown> = {};
  const full: Scope = { ...scope, variables };
  for (const { name, run } of policy.variables) {
    const settle = (value: unknown): unknown => {
      Object.defineProperty(variables, name, { enumerable: true, value });
      return value;
    };
    Object.defineProperty(variables, name, {
      enumerable: true,
      configurable: true,
      get: () => settle(run(full)),
    });
  }
  return full;
}

/**
 * Whether all conditions hold. If one is false, the result is false whatever the others give; otherwise an
 * error is thrown.
 */
export function applies(policy: Policy, scope: Scope): boolean {
  let failure: Error | undefined;
  for (const { name, run } of policy.conditions) {
    try {
      if (run(scope) !== true) return false;
    } catch (error) {
      failure ??= new Error(`matchCondition ${name}: ${reasonOf(error)}`);
    }
  }
  if (failure) throw failure;
  return true;
}
