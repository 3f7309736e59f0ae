import type { JsonObject } from '../../lib/json.ts';
import { ANNOTATION } from '../../api/names.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { REASON } from '../../api/reasons.ts';
import { LARGEST_TEMPLATE_KIB, templateKib, templatesEqual } from '../canary/index.ts';
import type { Facts } from '../facts/facts.ts';
import { setAsideOf } from '../facts/records.ts';
import type { WorkloadFacts } from '../facts/workload.ts';
import type { Action } from '../model.ts';
import { event, patchRelease } from '../actions.ts';

/**
 * Stores the held template on the Release; [] if it is stored already, or too large: nothing may block the way back.
 */
export function setAside(release: Release, template: JsonObject): Action[] {
  if (templateKib(template) > LARGEST_TEMPLATE_KIB) return [];
  const known = setAsideOf(release);
  if (known !== undefined && templatesEqual(known, template)) return [];
  const annotations = { [ANNOTATION.setAside]: JSON.stringify(template) };
  return [patchRelease('remember the newer template', release, { annotations })];
}

/** An Event for the write that replaces a template which was too large to set aside. */
export function tellTooLarge(facts: Facts, { template }: WorkloadFacts): Action[] {
  const kib = templateKib(template);
  if (kib <= LARGEST_TEMPLATE_KIB) return [];
  const sentence = `spec.template has ${kib} KiB, more than the ${LARGEST_TEMPLATE_KIB} that can be set aside: it is replaced and not put back; move long values into a ConfigMap and apply it again.`;
  return event(facts, 'Warning', REASON.StableLost, sentence);
}
