import type { Causes } from '../errors.ts';
import { child, equal, get, object, strings } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { ScalePaths } from '../registry/kind.ts';
import { nonNegative, validateLabels } from './names.ts';
import { defaultPodSpec } from './pod-defaults.ts';
import { templateSpec, validatePodSpec } from './pod-validation.ts';
import { matchesSelector } from '../selectors.ts';

/** The fields that all kinds with a pod template share. */
export const TEMPLATE_SCALE: ScalePaths = {
  spec: ['spec', 'replicas'],
  status: ['status', 'replicas'],
  selector: ['spec', 'selector'],
  selectorObject: true,
};

export function defaultTemplate(object: JsonObject): void {
  const template = child(child(object, 'spec'), 'template');
  child(template, 'metadata');
  defaultPodSpec(child(template, 'spec'));
}

export function validateTemplate(source: JsonObject, causes: Causes, policies = ['Always']): void {
  const labels = get(source, 'spec', 'template', 'metadata', 'labels');
  const field = 'spec.template.metadata.labels';
  validateLabels(labels, field, causes);
  const selector = object(get(source, 'spec', 'selector'));
  if (!matchesSelector(selector, strings(labels)) || Object.keys(selector).length === 0) {
    causes.invalid(field, labels, '`selector` does not match template `labels`');
  }
  validatePodSpec(templateSpec(source), 'spec.template.spec', causes, policies);
}

export const specChanged = (next: JsonObject, old: JsonObject): boolean => !equal(next['spec'], old['spec']);

/** Checks the counts in a status: none may be negative, and none may exceed `replicas`. */
export function validateCounts(source: JsonObject, causes: Causes, fields: string[]): void {
  const status = object(source['status']);
  const replicas = Number(status['replicas'] ?? 0);
  for (const name of ['replicas', ...fields, 'observedGeneration'])
    nonNegative(source, ['status', name], causes);
  for (const name of fields) {
    const value = Number(status[name] ?? 0);
    if (value > replicas) causes.invalid(`status.${name}`, value, 'cannot be greater than status.replicas');
  }
}
