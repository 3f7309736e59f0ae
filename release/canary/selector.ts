import { getObjects, getString, getStringMap, asString, arrayOrEmpty } from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';

export type Labels = Readonly<Record<string, string>>;

/** Does a plain map selector (Service) select these labels? An empty one selects nothing. */
export function mapSelects(selector: Labels, labels: Labels): boolean {
  const entries = Object.entries(selector);
  return entries.length > 0 && entries.every(([key, value]) => labels[key] === value);
}

/** Does a LabelSelector (matchLabels, matchExpressions) select these labels? An unknown operator matches nothing. */
export function selectorMatches(selector: JsonObject, labels: Labels): boolean {
  const pairs = Object.entries(getStringMap(selector, 'matchLabels'));
  return (
    pairs.every(([key, value]) => labels[key] === value) &&
    getObjects(selector, 'matchExpressions').every((expression) => expressionMatches(expression, labels))
  );
}

function expressionMatches(expression: JsonObject, labels: Labels): boolean {
  const value = labels[getString(expression, 'key') ?? ''];
  const values = arrayOrEmpty(expression, 'values').map(asString);
  switch (getString(expression, 'operator')) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
