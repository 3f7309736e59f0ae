import { getObject, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import {
  canarySelector,
  rewriteLabels,
  selectorMatches,
  type Labels,
  type Rewrite,
} from '../canary/index.ts';

/** The two sets of pods between which an object may distinguish, and the names of the canary. */
export interface Pods {
  namespace: string;
  target: string;
  /** labels of the new template: its pods carry them once they are promoted */
  stable: Labels;
  /** the same labels after the rewrite */
  canary: Labels;
  rewrite: Rewrite;
  /** a LabelSelector that selects exactly the canary pods */
  selector: JsonObject;
  /** undefined: no Service stands in front of the target */
  service: { name: string; labels: Labels; canary: { name: string; labels: Labels } } | undefined;
}

export function podsOf(
  target: KubeObject,
  { template, rewrite, service }: { template: JsonObject; rewrite: Rewrite; service: Pods['service'] },
): Pods {
  const stable = getStringMap(template, 'metadata', 'labels');
  return {
    namespace: target.metadata.namespace ?? '',
    target: target.metadata.name,
    stable,
    canary: rewriteLabels(stable, rewrite),
    rewrite,
    selector: canarySelector(target, rewrite),
    service,
  };
}

/**
 * Which of the two sets a LabelSelector selects.
 * lost: it selects stable pods and no canary pod, so it has to follow.
 * gained: it selects canary pods only because their label was rewritten.
 */
export type Reach = 'none' | 'both' | 'lost' | 'gained';

export function reachOf(selector: JsonObject, { stable, canary }: Pods): Reach {
  const [before, after] = [selectorMatches(selector, stable), selectorMatches(selector, canary)];
  if (before) return after ? 'both' : 'lost';
  return after ? 'gained' : 'none';
}

/** A selector that is a plain map of labels, as in Istio, changed to select canary pods and no more than before. */
export function rewriteMap(labels: Labels, { rewrite }: Pods): Record<string, string> {
  const own = Object.entries(rewrite).flatMap(([key, { to }]) => (to === undefined ? [] : [[key, to]]));
  return { ...labels, ...(Object.fromEntries(own) as Record<string, string>) };
}

/** A label whose value tells canary pods from stable ones. A label that the rewrite only adds is in no selector yet. */
export interface Change {
  key: string;
  from: string;
  to: string;
}

export const changesOf = (rewrite: Rewrite): Change[] =>
  Object.entries(rewrite).flatMap(([key, { from, to }]) =>
    from === undefined || to === undefined ? [] : [{ key, from, to }],
  );

/** What following the canary means for one object. */
export interface Followed {
  copies: Copy[];
  /** why it cannot follow, each half a sentence with field and remedy */
  refusals: string[];
}

export interface Copy {
  /** suffix of the copy's name: one object may need two copies */
  suffix: string;
  spec: JsonObject;
}

/** Pure: what has to be made from one object of a kind. The object itself is never changed. */
export type Follow = (object: KubeObject, pods: Pods) => Followed;

export const NOTHING: Followed = { copies: [], refusals: [] };

export const copied = (spec: JsonObject, suffix = '-canary'): Followed => ({
  copies: [{ suffix, spec }],
  refusals: [],
});

export const refused = (refusal: string): Followed => ({ copies: [], refusals: [refusal] });

export const specOf = (object: KubeObject): JsonObject => object.spec ?? {};

/** A missing selector selects the same as an empty one. */
export const selectorIn = (value: unknown, ...path: string[]): JsonObject => getObject(value, ...path) ?? {};

/** Why a selector must change because it would begin to select canary pods. */
export function gains(field: string, { rewrite, target }: Pods): string {
  const values = Object.entries(rewrite).map(([key, { to = '' }]) => `${key}=${to}`);
  return `its ${field} selects the canary pods of Deployment ${target} (${values.join(', ')}) but not the stable ones; name that value in it beside the stable one`;
}
