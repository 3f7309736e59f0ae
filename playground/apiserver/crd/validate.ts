/** Validates a custom object against its structural schema, with the causes that Kubernetes gives. */
import { re2 } from '../cel/re2.ts';
import type { Causes } from '../errors.ts';
import { equal, isObject, list, number, object, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { rulesOf } from './cel.ts';

const STILL_OPEN =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

interface Node {
  schema: JsonObject;
  value: Json;
  /** the value before the write, if there was one */
  old: Json | undefined;
  path: string;
}

/** Adds what is wrong to `causes`. Unchanged values are not checked again. */
export function validateCustom(
  schema: JsonObject,
  value: JsonObject,
  old: JsonObject | undefined,
  causes: Causes,
): void {
  const root: Node = { schema, value, old, path: '' };
  const before = causes.all.length;
  walk(root, causes, validateNode);
  if (!hasRules(schema)) return;
  if (causes.all.length === before) walk(root, causes, validateRules);
  else
    causes.other({
      field: '<nil>',
      reason: 'FieldValueInvalid',
      message: `Invalid value: null: ${STILL_OPEN}`,
    });
}

function hasRules(schema: JsonObject): boolean {
  if (list(schema['x-kubernetes-validations']).length > 0) return true;
  const inner = [
    ...Object.values(object(schema['properties'])),
    schema['items'],
    schema['additionalProperties'],
  ];
  return inner.some((node) => isObject(node) && hasRules(node));
}

function walk(node: Node, causes: Causes, visit: (node: Node, causes: Causes) => boolean): void {
  if (node.old !== undefined && equal(node.value, node.old)) return;
  if (!visit(node, causes)) return;
  for (const inner of children(node)) walk(inner, causes, visit);
}

function children({ schema, value, old, path }: Node): Node[] {
  if (Array.isArray(value)) {
    const items = schema['items'];
    if (!isObject(items)) return [];
    return value.map((item, i) => ({
      schema: items,
      value: item,
      old: oldItem(schema, item, old),
      path: `${path}[${i}]`,
    }));
  }
  if (!isObject(value)) return [];
  const properties = object(schema['properties']);
  const values = schema['additionalProperties'];
  return Object.entries(value).flatMap(([key, entry]) => {
    const inner = Object.hasOwn(properties, key) ? properties[key] : values;
    if (!isObject(inner) || entry === undefined) return [];
    return [
      {
        schema: inner,
        value: entry,
        old: isObject(old) ? old[key] : undefined,
        path: path === '' ? key : `${path}.${key}`,
      },
    ];
  });
}

/** Keys identify the items of a list map; other items have no old value. */
function oldItem(schema: JsonObject, item: Json, old: Json | undefined): Json | undefined {
  const keys = list(schema['x-kubernetes-list-map-keys']).map(String);
  if (!Array.isArray(old) || keys.length === 0 || !isObject(item)) return undefined;
  return old.find(
    (candidate) => isObject(candidate) && keys.every((key) => equal(candidate[key], item[key])),
  );
}

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** Returns whether the value's children should be checked. */
function validateNode(node: Node, causes: Causes): boolean {
  const { schema, value, path } = node;
  const found = typeOf(value);
  const wanted = schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : text(schema['type']);
  if (value === null && (schema['nullable'] === true || wanted === '')) return false;
  const fits =
    wanted === '' || wanted.split(',').includes(found) || (wanted === 'number' && found === 'integer');
  if (!fits) {
    causes.type(path, found, `${path} in body must be of type ${wanted}: "${found}"`);
    return false;
  }
  const choices = list(schema['enum']);
  if (choices.length > 0 && !choices.some((choice) => equal(choice, value))) {
    causes.unsupported(path, value, choices.map(String));
  }
  if (typeof value === 'string') validateString(node, value, causes);
  if (typeof value === 'number') validateNumber(node, value, causes);
  if (Array.isArray(value)) validateList(node, value, causes);
  if (isObject(value)) validateMap(node, value, causes);
  return true;
}

const FORMATS: Record<string, RegExp> = {
  'date-time': /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
  date: /^\d{4}-\d\d-\d\d$/,
  uuid: /^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$/,
  byte: /^[A-Za-z0-9+/]*={0,2}$/,
  duration: /^-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d|w))+$/,
  ipv4: /^(\d{1,3}\.){3}\d{1,3}$/,
};

function validateString({ schema, path }: Node, value: string, causes: Causes): void {
  const most = number(schema['maxLength']);
  if (most !== undefined && value.length > most) {
    causes.tooLong(path, most);
    return;
  }
  const least = number(schema['minLength']);
  if (least !== undefined && value.length < least) {
    causes.invalid(path, value, `${path} in body should be at least ${least} chars long`);
  }
  const pattern = schema['pattern'];
  if (typeof pattern === 'string' && !re2(pattern).test(value)) {
    causes.invalid(path, value, `${path} in body should match '${pattern}'`);
  }
  const format = text(schema['format']);
  if (FORMATS[format] && !FORMATS[format].test(value)) {
    causes.type(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`);
  }
}

function validateNumber({ schema, path }: Node, value: number, causes: Causes): void {
  const least = number(schema['minimum']);
  const most = number(schema['maximum']);
  const above = schema['exclusiveMinimum'] === true;
  const below = schema['exclusiveMaximum'] === true;
  if (least !== undefined && (above ? value <= least : value < least)) {
    causes.invalid(
      path,
      value,
      `${path} in body should be greater than ${above ? '' : 'or equal to '}${least}`,
    );
  }
  if (most !== undefined && (below ? value >= most : value > most)) {
    causes.invalid(path, value, `${path} in body should be less than ${below ? '' : 'or equal to '}${most}`);
  }
  const step = number(schema['multipleOf']);
  if (step !== undefined && value % step !== 0)
    causes.invalid(path, value, `${path} in body should be a multiple of ${step}`);
}

function validateList({ schema, path }: Node, value: Json[], causes: Causes): void {
  const most = number(schema['maxItems']);
  const least = number(schema['minItems']);
  if (most !== undefined && value.length > most) causes.tooMany(path, value.length, most);
  if (least !== undefined && value.length < least) {
    causes.invalid(path, value.length, `${path} in body should have at least ${least} items`);
  }
  const type = text(schema['x-kubernetes-list-type']);
  const keys = list(schema['x-kubernetes-list-map-keys']).map(String);
  const identity = (item: Json): Json =>
    type === 'map' && isObject(item) ? keys.map((key) => item[key] ?? null) : item;
  if (type !== 'map' && type !== 'set') return;
  value.forEach((item, i) => {
    const first = value.findIndex((other) => equal(identity(other), identity(item)));
    if (first < i) causes.duplicate(`${path}[${i}]`, item);
  });
}

function validateMap({ schema, path }: Node, value: JsonObject, causes: Causes): void {
  for (const key of list(schema['required']).map(String)) {
    if (value[key] === undefined) causes.required(path === '' ? key : `${path}.${key}`);
  }
  const count = Object.keys(value).length;
  const most = number(schema['maxProperties']);
  const least = number(schema['minProperties']);
  if (most !== undefined && count > most) causes.tooMany(path, count, most);
  if (least !== undefined && count < least) {
    causes.invalid(path, count, `${path} in body should have at least ${least} properties`);
  }
}

function validateRules({ schema, value, old, path }: Node, causes: Causes): boolean {
  for (const rule of rulesOf(schema)) {
    if (rule.transition && old === undefined) continue;
    const field = `${path}${rule.fieldPath}`.replace(/^\./, '') || '<nil>';
    if (holds(rule, value, old)) continue;
    const said = rule.message(value, old);
    const message =
      rule.reason === 'FieldValueForbidden'
        ? `Forbidden: ${said}`
        : `Invalid value: ${JSON.stringify(value)}: ${said}`;
    causes.other({ field, reason: rule.reason, message });
  }
  return true;
}

/** If an expression fails, the object is refused, as on a real server. */
function holds(rule: ReturnType<typeof rulesOf>[number], value: Json, old: Json | undefined): boolean {
  try {
    return rule.holds(value, old);
  } catch {
    return false;
  }
}
