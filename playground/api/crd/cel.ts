import { Environment } from '@marcbachmann/cel-js';
import { get, isObject, objects, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';

/** One entry of x-kubernetes-validations. */
export interface Rule {
  /** true if it holds; `old` is absent for a new value. Throws if the expression fails. */
  holds(self: Json, old: Json | undefined): boolean;
  /** it compares with the old value, so it only runs on updates */
  transition: boolean;
  message: string;
  reason: string;
  /** path relative to the value, e.g. ".min" */
  fieldPath: string;
}

const TYPES: Record<string, string> = { string: 'string', integer: 'int', number: 'double', boolean: 'bool' };
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

/** What is wrong with a rule, or undefined. */
export function checkRule(schema: JsonObject, rule: JsonObject): string | undefined {
  try {
    const result = environment(schema).check(readable(text(rule['rule'])));
    return result.valid ? undefined : (result.error?.message ?? 'does not type-check');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * The library's has() takes no index: has(a[0].b) becomes ("b" in a[0]), which for JSON maps means the same.
 */
function readable(source: string): string {
  return source.replace(/\bhas\(([^()]*\[[^()]*)\.(\w+)\)/g, '("$2" in $1)');
}

function environment(schema: JsonObject): Environment {
  const type = TYPES[text(schema['type'])] ?? 'dyn';
  return new Environment().registerVariable('self', type).registerVariable('oldSelf', type);
}

function compileRule(schema: JsonObject, rule: JsonObject): Rule {
  const source = text(rule['rule']);
  const run = environment(schema).parse(readable(source));
  const reason = text(rule['reason']);
  return {
    transition: /\boldSelf\b/.test(source),
    holds: (self, old) => {
      const context = {
        self: toCel(schema, self),
        ...(old === undefined ? {} : { oldSelf: toCel(schema, old) }),
      };
      return run(context) === true;
    },
    message: text(rule['message']) || `failed rule: ${source}`,
    reason: REASONS.has(reason) ? reason : 'FieldValueInvalid',
    fieldPath: text(rule['fieldPath']),
  };
}

/** JSON as CEL sees it: integers of the schema become CEL ints. */
function toCel(schema: JsonObject, value: Json): unknown {
  if (typeof value === 'number') {
    return schema['type'] === 'number' || !Number.isInteger(value) ? value : BigInt(value);
  }
  if (Array.isArray(value)) {
    const items = schema['items'];
    return value.map((item) => toCel(isObject(items) ? items : {}, item));
  }
  if (!isObject(value)) return value;
  const out: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    const inner = get(schema, 'properties', key) ?? schema['additionalProperties'];
    if (entry !== undefined) out[key] = toCel(isObject(inner) ? inner : {}, entry);
  }
  return out;
}
