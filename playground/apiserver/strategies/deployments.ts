import type { Causes } from '../errors.ts';
import { child, equal, fill, get, object, text } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { builtin } from '../registry/kind.ts';
import { AGE, column, count, NAME, TEMPLATE_COLUMNS } from './columns.ts';
import { immutable, nonNegative, validateSelector } from './names.ts';
import { portWarnings, templateSpec } from './pod-validation.ts';
import {
  defaultTemplate,
  specChanged,
  TEMPLATE_SCALE,
  validateCounts,
  validateTemplate,
} from './workloads.ts';

function defaults(source: JsonObject): void {
  const spec = child(source, 'spec');
  fill(spec, 'replicas', 1);
  fill(spec, 'revisionHistoryLimit', 10);
  fill(spec, 'progressDeadlineSeconds', 600);
  const strategy = child(spec, 'strategy');
  fill(strategy, 'type', 'RollingUpdate');
  if (strategy['type'] === 'RollingUpdate') {
    const rolling = child(strategy, 'rollingUpdate');
    fill(rolling, 'maxUnavailable', '25%');
    fill(rolling, 'maxSurge', '25%');
  }
  defaultTemplate(source);
}

function validateStrategy(source: JsonObject, causes: Causes): void {
  const strategy = object(get(source, 'spec', 'strategy'));
  const type = text(strategy['type']);
  const field = 'spec.strategy.rollingUpdate';
  if (type !== 'Recreate' && type !== 'RollingUpdate') {
    causes.unsupported('spec.strategy.type', type, ['Recreate', 'RollingUpdate']);
  } else if (type === 'Recreate' && strategy['rollingUpdate'] !== undefined) {
    causes.forbidden(field, "may not be specified when strategy `type` is 'Recreate'");
  }
  const { maxUnavailable, maxSurge } = object(strategy['rollingUpdate']);
  const zero = (value: unknown): boolean => value === 0 || value === '0%';
  if (zero(maxUnavailable) && zero(maxSurge)) {
    causes.invalid(`${field}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0');
  }
}

function validate(source: JsonObject, causes: Causes): void {
  for (const name of ['replicas', 'minReadySeconds', 'revisionHistoryLimit'])
    nonNegative(source, ['spec', name], causes);
  validateSelector(get(source, 'spec', 'selector'), 'spec.selector', causes);
  validateStrategy(source, causes);
  const deadline = Number(get(source, 'spec', 'progressDeadlineSeconds'));
  const ready = Number(get(source, 'spec', 'minReadySeconds') ?? 0);
  if (deadline <= ready) {
    causes.invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds');
  }
  validateTemplate(source, causes);
}

export const deployments = builtin({
  group: 'apps',
  plural: 'deployments',
  kind: 'Deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  status: true,
  scale: TEMPLATE_SCALE,
  columns: [
    NAME,
    column('Ready', (o) => `${count(o, 'status', 'readyReplicas')}/${count(o, 'spec', 'replicas')}`),
    column('Up-to-date', (o) => count(o, 'status', 'updatedReplicas')),
    column('Available', (o) => count(o, 'status', 'availableReplicas')),
    AGE,
    ...TEMPLATE_COLUMNS,
  ],
  strategy: {
    defaults,
    validate,
    validateUpdate: (next, causes, old) => immutable(next, old, ['spec', 'selector'], causes),
    validateStatus: (next, causes) =>
      validateCounts(next, causes, ['updatedReplicas', 'readyReplicas', 'availableReplicas']),
    // the controller writes the revision annotation along with the status
    statusMetadata: true,
    warnings: (next) => portWarnings(templateSpec(next), 'spec.template.spec'),
    generation: (next, old) =>
      specChanged(next, old) ||
      !equal(object(get(next, 'metadata', 'annotations')), object(get(old, 'metadata', 'annotations'))),
  },
});
