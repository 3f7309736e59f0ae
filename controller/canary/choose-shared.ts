import { getStringMap } from '../../api/json.ts';
import { LABEL } from '../../api/names.ts';
import { FUNCTIONAL, newValue, requiredLabels, type ChooseInput } from './choose.ts';
import type { Change, Rewrite } from './rewrite.ts';

/**
 * Chooses the label that tells canary pods from stable ones where every Service in front of the target is to select both: a
 * key of the target's own selector that no Service selects by (the first in the alphabet), so that neither Deployment
 * selects the other's pods; without one a label is added. Then the target's selector matches canary pods as well, and
 * owner references and the hash of the template keep them apart.
 */
export function chooseSharedRewrite({ template, selector, services }: ChooseInput): Rewrite {
  const labels = getStringMap(template, 'metadata', 'labels');
  const selected = new Set(
    services.flatMap((service) => Object.keys(getStringMap(service, 'spec', 'selector'))),
  );
  const isFree = (key: string) => !selected.has(key);
  const own = Object.entries(requiredLabels(selector))
    .filter(([key, value]) => labels[key] === value && !FUNCTIONAL.test(key) && isFree(key))
    .map(([key]) => key)
    .sort();
  const key = own[0] ?? (isFree(LABEL.track) ? LABEL.track : LABEL.canary);
  const from = labels[key];
  const to = newValue(key, from ?? '', template);
  const change: Change = from === undefined ? { to } : { from, to };
  return { [key]: change };
}
