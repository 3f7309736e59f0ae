import {
  asString,
  cloneJson,
  getArray,
  getObject,
  getObjects,
  getString,
  getStringMap,
} from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';
import { selectorMatches, type Labels } from './selector.ts';

/** How one label changes; without `from` it is added, without `to` (in an inverted rewrite) it is removed. */
export type Change = Readonly<{ from?: string; to?: string }>;

/** Which labels of the template change, by key. Never empty. */
export type Rewrite = Readonly<Record<string, Change>>;

/** Labels after the rewrite. Keys that are missing, or have another value, stay as they are. */
export function rewriteLabels(labels: Labels, rewrite: Rewrite): Record<string, string> {
  const out = { ...labels };
  for (const [key, { from, to }] of Object.entries(rewrite)) {
    if (out[key] !== from) continue;
    if (to === undefined) delete out[key];
    else out[key] = to;
  }
  return out;
}

/** The rewrite that undoes this one. */
export function invert(rewrite: Rewrite): Rewrite {
  const turned = ({ from, to }: Change): Change => ({
    ...(to === undefined ? {} : { from: to }),
    ...(from === undefined ? {} : { to: from }),
  });
  return Object.fromEntries(Object.entries(rewrite).map(([key, change]) => [key, turned(change)]));
}

/**
 * The template with its labels rewritten, and also every selector in it that selects the template's own pods (pod
 * affinity, anti-affinity, topologySpreadConstraints). Everything else is copied as it is.
 */
export function rewriteTemplate(template: JsonObject, rewrite: Rewrite): JsonObject {
  const out = cloneJson(template);
  const labels = getStringMap(template, 'metadata', 'labels');
  const map = getObject(out, 'metadata', 'labels');
  if (map !== undefined) replaceAll(map, rewriteLabels(labels, rewrite));
  for (const selector of podSelectors(out)) {
    if (selectorMatches(selector, labels)) rewriteSelector(selector, rewrite);
  }
  return out;
}

/** `undoRewrite(rewriteTemplate(t, r), r)` equals `t` for every rewrite that chooseRewrite returns for `t`. */
export function undoRewrite(template: JsonObject, rewrite: Rewrite): JsonObject {
  return rewriteTemplate(template, invert(rewrite));
}

/** Every LabelSelector in a pod template that selects pods. */
export function podSelectors(template: JsonObject): JsonObject[] {
  const affinity = getObject(template, 'spec', 'affinity');
  const terms = ['podAffinity', 'podAntiAffinity'].flatMap((kind) => [
    ...getObjects(affinity, kind, 'requiredDuringSchedulingIgnoredDuringExecution'),
    ...getObjects(affinity, kind, 'preferredDuringSchedulingIgnoredDuringExecution').map((term) =>
      getObject(term, 'podAffinityTerm'),
    ),
  ]);
  return [...terms, ...getObjects(template, 'spec', 'topologySpreadConstraints')]
    .map((term) => getObject(term, 'labelSelector'))
    .filter((selector) => selector !== undefined);
}

function replaceAll(map: JsonObject, labels: Labels): void {
  for (const key of Object.keys(map)) if (labels[key] === undefined) delete map[key];
  Object.assign(map, labels);
}

/** Changes `selector` in place. A label that the rewrite adds is in no selector, so the selector stays as it was. */
export function rewriteSelector(selector: JsonObject, rewrite: Rewrite): void {
  const labels = getObject(selector, 'matchLabels');
  const expressions = getObjects(selector, 'matchExpressions');
  for (const [key, { from, to }] of Object.entries(rewrite)) {
    if (from === undefined || to === undefined) continue;
    if (labels?.[key] === from) labels[key] = to;
    for (const expression of expressions.filter((each) => getString(each, 'key') === key)) {
      const values = getArray(expression, 'values');
      if (values === undefined) continue;
      expression['values'] = values.map((value) => (asString(value) === from ? to : value));
    }
  }
}
