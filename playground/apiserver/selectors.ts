import { ApiError, badRequest } from './errors.ts';
import { list, objects, strings, text } from './json.ts';
import type { JsonObject } from './json.ts';
import { labelValue, qualifiedName } from './strategies/names.ts';

export interface Requirement {
  key: string;
  operator: 'in' | 'notin' | 'exists' | '!exists';
  values: string[];
}

export type Labels = Record<string, string>;

const holds = (requirement: Requirement, labels: Labels): boolean => {
  const value = labels[requirement.key];
  switch (requirement.operator) {
    case 'exists':
      return value !== undefined;
    case '!exists':
      return value === undefined;
    case 'in':
      return value !== undefined && requirement.values.includes(value);
    case 'notin':
      return value === undefined || !requirement.values.includes(value);
  }
};

export const matches = (requirements: Requirement[], labels: Labels): boolean =>
  requirements.every((requirement) => holds(requirement, labels));

/** Does a LabelSelector object match these labels? An empty one matches everything. */
export function matchesSelector(selector: JsonObject, labels: Labels): boolean {
  const pairs = Object.entries(strings(selector['matchLabels']));
  if (!pairs.every(([key, value]) => labels[key] === value)) return false;
  const operators = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!exists' } as const;
  return objects(selector['matchExpressions']).every((expression) => {
    const operator = operators[text(expression['operator']) as keyof typeof operators];
    return holds(
      { key: text(expression['key']), operator, values: list(expression['values']).map(String) },
      labels,
    );
  });
}

/** Splits at commas outside parentheses. */
function split(source: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= source.length; i++) {
    const c = source[i];
    if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (i === source.length || (c === ',' && depth === 0)) {
      parts.push(source.slice(start, i).trim());
      start = i + 1;
    }
  }
  return parts;
}

function parseLabel(part: string): Requirement | undefined {
  const set = /^([^\s=!,()]+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part);
  if (set) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return { key: set[1] ?? '', operator: set[2] === 'in' ? 'in' : 'notin', values };
  }
  const pair = /^([^\s=!,()]+)\s*(==|=|!=)\s*([^=!,()]*)$/.exec(part);
  if (pair)
    return { key: pair[1] ?? '', operator: pair[2] === '!=' ? 'notin' : 'in', values: [pair[3] ?? ''] };
  const existence = /^(!?)\s*([^\s=!,()]+)$/.exec(part);
  if (existence)
    return { key: existence[2] ?? '', operator: existence[1] === '!' ? '!exists' : 'exists', values: [] };
  return undefined;
}

/** Parses a label selector of a query; throws a 400. */
export function parseLabels(source: string): Requirement[] {
  if (source.trim() === '') return [];
  return split(source).map((part) => {
    const requirement = parseLabel(part);
    if (!requirement) {
      throw badRequest(
        `unable to parse requirement: found '${part}', expected: identifier, operator and values`,
      );
    }
    const wrong = [qualifiedName(requirement.key), ...requirement.values.map(labelValue)].find(
      (w) => w !== undefined,
    );
    if (wrong !== undefined)
      throw badRequest(`unable to parse requirement: values[0][${requirement.key}]: Invalid value: ${wrong}`);
    return requirement;
  });
}

export interface FieldTerm {
  field: string;
  value: string;
  negated: boolean;
}

/** Parses a field selector; throws a 400 for bad syntax. */
export function parseFields(source: string): FieldTerm[] {
  if (source.trim() === '') return [];
  return source.split(',').map((part) => {
    const match = /^([^=!<>]+)(==|!=|=)(.*)$/.exec(part);
    if (!match) throw badRequest(`invalid selector: '${source}'; can't understand '${part}'`);
    return { field: match[1] ?? '', value: match[3] ?? '', negated: match[2] === '!=' };
  });
}

/** Throws a 400 for a field that the kind does not offer. */
export function checkFields(terms: FieldTerm[], offered: Record<string, string>): void {
  for (const { field } of terms) {
    if (offered[field] === undefined)
      throw new ApiError(400, 'BadRequest', `field label not supported: ${field}`);
  }
}

export const matchesFields = (terms: FieldTerm[], fields: Record<string, string>): boolean =>
  terms.every(({ field, value, negated }) => (fields[field] === value) !== negated);
