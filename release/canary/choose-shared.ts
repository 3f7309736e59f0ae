import { getStringMap } from '../../lib/json.ts';
import { LABEL } from '../../api/names.ts';
import { FUNCTIONAL, leastBurden, newValues, requiredLabels, type ChooseInput } from './choose.ts';
import type { Rewrite } from './rewrite.ts';

/**
 * Chooses the label that tells canary pods from stable ones where every Service in front of the target has to select
 * both. It is a key of the target's own selector that no Service selects by, so that neither Deployment selects the
 * other's pods; of several keys the one with the least burden, then the first in the alphabet. Without such a key a
 * label is added. Then the target's selector matches canary pods as well, and owner references and the hash of the
 * template keep them apart.
 */
export function chooseSharedRewrite(input: ChooseInput): Rewrite {
  const { template, selector, services } = input;
  const labels = getStringMap(template, 'metadata', 'labels');
  const selected = new Set(
    services.flatMap((service) => Object.keys(getStringMap(service, 'spec', 'selector'))),
  );
  const isFree = (key: string) => !selected.has(key);
  const own = Object.entries(requiredLabels(selector))
    .filter(([key, value]) => labels[key] === value && !FUNCTIONAL.test(key) && isFree(key))
    .map(([key]) => key)
    .sort();
  const values = newValues(template);
  const rewriteOf = (key: string): Rewrite => {
    const from = labels[key];
    const to = values(key, from ?? '');
    return { [key]: from === undefined ? { to } : { from, to } };
  };
  const added = isFree(LABEL.track) ? LABEL.track : LABEL.canary;
  return leastBurden(own, rewriteOf, input) ?? rewriteOf(added);
}
