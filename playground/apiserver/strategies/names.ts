import type { Causes } from '../errors.ts';
import { get, objects, strings, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { equal } from '../json.ts';

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const ENDS = 'and must start and end with an alphanumeric character';
const SUBDOMAIN_RULE = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ${ENDS} (e.g. 'example.com')`;
const LABEL_RULE = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ${ENDS} (e.g. 'my-name')`;
const QUALIFIED_RULE = `name part must consist of alphanumeric characters, '-', '_' or '.', ${ENDS} (e.g. 'MyName')`;
const VALUE_RULE = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${ENDS} (e.g. 'MyValue')`;

/** Each function returns what is wrong with the name, or undefined. */
export function dnsSubdomain(name: string): string | undefined {
  if (name.length > 253) return 'must be no more than 253 characters';
  return SUBDOMAIN.test(name) ? undefined : SUBDOMAIN_RULE;
}

export function dnsLabel(name: string): string | undefined {
  if (name.length > 63) return 'must be no more than 63 characters';
  return LABEL.test(name) ? undefined : LABEL_RULE;
}

export function serviceName(name: string): string | undefined {
  if (name.length > 63) return 'must be no more than 63 characters';
  if (LABEL.test(name) && /^[a-z]/.test(name)) return undefined;
  return `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name')`;
}

/** RBAC names may contain anything that is valid in a path segment. */
export function pathSegment(name: string): string | undefined {
  return name === '.' || name === '..' || /[/%]/.test(name)
    ? "may not be '.', '..' or contain '/' or '%'"
    : undefined;
}

export function qualifiedName(name: string): string | undefined {
  const slash = name.indexOf('/');
  const prefix = slash < 0 ? undefined : name.slice(0, slash);
  const part = name.slice(slash + 1);
  if (prefix !== undefined) {
    const wrong = dnsSubdomain(prefix);
    if (wrong !== undefined) return `prefix part ${wrong}`;
  }
  if (part.length > 63) return 'name part must be no more than 63 characters';
  return QUALIFIED.test(part) ? undefined : QUALIFIED_RULE;
}

export function labelValue(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 characters';
  return LABEL_VALUE.test(value) ? undefined : VALUE_RULE;
}

export function validateLabels(labels: Json | undefined, field: string, causes: Causes): void {
  for (const [key, value] of Object.entries(strings(labels))) {
    const wrongKey = qualifiedName(key);
    if (wrongKey !== undefined) causes.invalid(field, key, wrongKey);
    const wrongValue = labelValue(value);
    if (wrongValue !== undefined) causes.invalid(field, value, wrongValue);
  }
}

/** A selector in LabelSelector form: required, not empty, well formed. */
export function validateSelector(selector: Json | undefined, field: string, causes: Causes): void {
  if (selector === undefined) {
    causes.required(field);
    return;
  }
  const expressions = objects(get(selector, 'matchExpressions'));
  if (Object.keys(strings(get(selector, 'matchLabels'))).length === 0 && expressions.length === 0) {
    causes.invalid(field, selector, 'empty selector is invalid for deployment');
  }
  validateLabels(get(selector, 'matchLabels'), `${field}.matchLabels`, causes);
  const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'];
  expressions.forEach((expression, i) => {
    if (operators.includes(text(expression['operator']))) return;
    causes.invalid(
      `${field}.matchExpressions[${i}].operator`,
      expression['operator'],
      'not a valid selector operator',
    );
  });
}

export function immutable(object: JsonObject, old: JsonObject, path: string[], causes: Causes): void {
  const value = get(object, ...path);
  if (!equal(value, get(old, ...path))) causes.invalid(path.join('.'), value, 'field is immutable');
}

export function nonNegative(object: JsonObject, path: string[], causes: Causes): void {
  const value = get(object, ...path);
  if (typeof value === 'number' && value < 0)
    causes.invalid(path.join('.'), value, 'must be greater than or equal to 0');
}
