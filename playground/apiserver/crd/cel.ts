import { Environment } from '@marcbachmann/cel-js';
import { typeOf, wrongType } from '../cel/check.ts';
import { withLibrary } from '../cel/library.ts';
import { readable } from '../cel/read.ts';
import { isObject, object, objects, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { namesOf, typeOfSchema } from './types.ts';

/** One entry of x-kubernetes-validations. */
export interface Rule {
  /** true if the rule holds; `old` is absent for a new value. Throws if the expression fails. */
  holds(self: Json, old: Json | undefined): boolean;
  /** the rule compares with the old value, so it runs only on updates */
  transition: boolean;
  message(self: Json, old: Json | undefined): string;
  reason: string;
  /** path relative to the value, e.g. ".min" */
  fieldPath: string;
}

const REASONS = new Set([
  'FieldValueInvalid',
  'FieldValueForbidden',
  'FieldValueRequired',
  'FieldValueDuplicate',
]);
const compiled = new WeakMap<JsonObject, Rule[]>();

/** The rules of one schema node, compiled once; throws an Error with the compiler's message. */
export function rulesOf(schema: JsonObject): Rule[] {
  let rules = compiled.get(schema);
  if (!rules) {
    rules = objects(schema['x-kubernetes-validations']).map((rule) => compileRule(schema, rule));
    compiled.set(schema, rules);
  }
  return rules;
}

const environment = (): Environment => withLibrary(new Environment({ enableOptionalTypes: true }));

/**
 * What is wrong with the types of the rules of one schema node: the place, below the node, and a sentence; ''
 * for a missing rule.
 */
export function checkRules(
  schema: JsonObject,
  isRoot: boolean,
): { field: string; rule: JsonObject; wrong: string }[] {
  const rules = objects(schema['x-kubernetes-validations']);
  if (rules.length === 0) return [];
  const typed = environment();
  const self = typeOfSchema(schema, typed, isRoot) ?? 'dyn';
  typed.registerVariable('self', self);
  return rules.flatMap((rule, i) => {
    const optional = rule['optionalOldSelf'] === true;
    const scope = typed.clone().registerVariable('oldSelf', optional ? `optional<${self}>` : self);
    const said = text(rule['messageExpression']) === '' ? [] : [['messageExpression', 'string'] as const];
    if (text(rule['rule']).trim() === '')
      return [{ field: `x-kubernetes-validations[${i}].rule`, rule, wrong: '' }];
    return ([['rule', 'bool'], ...said] as const).flatMap(([name, wanted]) => {
      const wrong = wrongRule(name, wanted, () => typeOf(scope, text(rule[name])));
      return wrong === undefined ? [] : [{ field: `x-kubernetes-validations[${i}].${name}`, rule, wrong }];
    });
  });
}

function wrongRule(name: string, wanted: string, find: () => string): string | undefined {
  const wrong = wrongType(find, [wanted]);
  return wrong?.startsWith('must evaluate') === true
    ? `${name === 'rule' ? 'cel expression' : name} must evaluate to a ${wanted}`
    : wrong;
}

/** To run, every value has any type: the types were checked when the definition was written. */
const untyped = environment().registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn');

function compileRule(schema: JsonObject, rule: JsonObject): Rule {
  const source = text(rule['rule']);
  const run = untyped.parse(readable(source));
  const say = text(rule['messageExpression']);
  const speak = say === '' ? undefined : untyped.parse(readable(say));
  const scope = (self: Json, old: Json | undefined): Record<string, unknown> => ({
    self: toCel(schema, self),
    ...(old === undefined ? {} : { oldSelf: toCel(schema, old) }),
  });
  const otherwise = text(rule['message']) || `failed rule: ${source}`;
  const reason = text(rule['reason']);
  return {
    transition: /\boldSelf\b/.test(source),
    holds: (self, old) => run(scope(self, old)) === true,
    message: (self, old) => {
      const said = speak === undefined ? undefined : outcome(() => speak(scope(self, old)));
      return typeof said === 'string' && said.trim() !== '' ? said : otherwise;
    },
    reason: REASONS.has(reason) ? reason : 'FieldValueInvalid',
    fieldPath: text(rule['fieldPath']),
  };
}

function outcome(run: () => unknown): unknown {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/**
 * JSON as CEL sees it: integers of the schema become CEL ints, times are times, and fields have the names
 * that expressions use.
 */
function toCel(schema: JsonObject, value: Json): unknown {
  if (typeof value === 'number') {
    return schema['type'] === 'number' || !Number.isInteger(value) ? value : BigInt(value);
  }
  if (typeof value === 'string') return schema['format'] === 'date-time' ? new Date(value) : value;
  if (Array.isArray(value)) {
    const items = schema['items'];
    return value.map((item) => toCel(isObject(items) ? items : {}, item));
  }
  if (!isObject(value)) return value;
  const properties = object(schema['properties']);
  const out: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    const isField = Object.hasOwn(properties, key);
    const inner = isField ? properties[key] : schema['additionalProperties'];
    if (entry === undefined) continue;
    const cel = toCel(isObject(inner) ? inner : {}, entry);
    for (const name of isField ? namesOf(key) : [key]) out[name] = cel;
  }
  return out;
}
