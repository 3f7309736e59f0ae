/** Workload kinds that the playground stores but does not run. */
import { child, fill } from '../json.ts';
import { builtin } from '../registry/kind.ts';
import { AGE, column, count, NAME } from './columns.ts';
import { defaultTemplate, specChanged, TEMPLATE_SCALE, validateTemplate } from './workloads.ts';

export const statefulsets = builtin({
  group: 'apps',
  plural: 'statefulsets',
  kind: 'StatefulSet',
  shortNames: ['sts'],
  categories: ['all'],
  status: true,
  scale: TEMPLATE_SCALE,
  columns: [
    NAME,
    column('Ready', (o) => `${count(o, 'status', 'readyReplicas')}/${count(o, 'spec', 'replicas')}`),
    AGE,
  ],
  strategy: {
    defaults(source) {
      const spec = child(source, 'spec');
      fill(spec, 'replicas', 1);
      fill(spec, 'podManagementPolicy', 'OrderedReady');
      fill(spec, 'revisionHistoryLimit', 10);
      const strategy = child(spec, 'updateStrategy');
      fill(strategy, 'type', 'RollingUpdate');
      if (strategy['type'] === 'RollingUpdate') fill(child(strategy, 'rollingUpdate'), 'partition', 0);
      defaultTemplate(source);
    },
    validate: (source, causes) => validateTemplate(source, causes),
    generation: specChanged,
  },
});

export const daemonsets = builtin({
  group: 'apps',
  plural: 'daemonsets',
  kind: 'DaemonSet',
  shortNames: ['ds'],
  categories: ['all'],
  status: true,
  columns: [
    NAME,
    column('Desired', (o) => count(o, 'status', 'desiredNumberScheduled'), { type: 'integer' }),
    column('Ready', (o) => count(o, 'status', 'numberReady'), { type: 'integer' }),
    AGE,
  ],
  strategy: {
    defaults(source) {
      const spec = child(source, 'spec');
      fill(spec, 'revisionHistoryLimit', 10);
      fill(child(spec, 'updateStrategy'), 'type', 'RollingUpdate');
      defaultTemplate(source);
    },
    validate: (source, causes) => validateTemplate(source, causes),
    generation: specChanged,
  },
});

export const jobs = builtin({
  group: 'batch',
  plural: 'jobs',
  kind: 'Job',
  categories: ['all'],
  status: true,
  columns: [NAME, column('Status', () => 'Suspended'), AGE],
  strategy: {
    defaults(source) {
      const spec = child(source, 'spec');
      fill(spec, 'completions', 1);
      fill(spec, 'parallelism', 1);
      fill(spec, 'backoffLimit', 6);
      defaultTemplate(source);
    },
    generation: specChanged,
  },
});
