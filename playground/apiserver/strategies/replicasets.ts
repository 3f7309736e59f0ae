import { child, fill, get } from '../json.ts';
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

export const replicasets = builtin({
  group: 'apps',
  plural: 'replicasets',
  kind: 'ReplicaSet',
  shortNames: ['rs'],
  categories: ['all'],
  status: true,
  scale: TEMPLATE_SCALE,
  columns: [
    NAME,
    column('Desired', (o) => count(o, 'spec', 'replicas'), { type: 'integer' }),
    column('Current', (o) => count(o, 'status', 'replicas'), { type: 'integer' }),
    column('Ready', (o) => count(o, 'status', 'readyReplicas'), { type: 'integer' }),
    AGE,
    ...TEMPLATE_COLUMNS,
  ],
  strategy: {
    defaults(source) {
      fill(child(source, 'spec'), 'replicas', 1);
      defaultTemplate(source);
    },
    prepareCreate: (source) => fill(child(source, 'status'), 'replicas', 0),
    validate(source, causes) {
      for (const name of ['replicas', 'minReadySeconds']) nonNegative(source, ['spec', name], causes);
      validateSelector(get(source, 'spec', 'selector'), 'spec.selector', causes);
      validateTemplate(source, causes);
    },
    validateUpdate: (next, causes, old) => immutable(next, old, ['spec', 'selector'], causes),
    validateStatus: (next, causes) =>
      validateCounts(next, causes, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']),
    warnings: (next) => portWarnings(templateSpec(next), 'spec.template.spec'),
    generation: specChanged,
  },
});
