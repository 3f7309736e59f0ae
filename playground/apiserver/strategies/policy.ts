import { child, fill, get } from '../json.ts';
import { builtin } from '../registry/kind.ts';
import { AGE, column, count, NAME } from './columns.ts';
import { specChanged } from './workloads.ts';

const orNotSet = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : 'N/A';

export const poddisruptionbudgets = builtin({
  group: 'policy',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  shortNames: ['pdb'],
  status: true,
  columns: [
    NAME,
    column('Min Available', (o) => orNotSet(get(o, 'spec', 'minAvailable'))),
    column('Max Unavailable', (o) => orNotSet(get(o, 'spec', 'maxUnavailable'))),
    column('Allowed Disruptions', (o) => count(o, 'status', 'disruptionsAllowed'), { type: 'integer' }),
    AGE,
  ],
  strategy: {
    prepareCreate(source) {
      const status = child(source, 'status');
      for (const name of ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'])
        fill(status, name, 0);
    },
    validate(source, causes) {
      if (
        get(source, 'spec', 'minAvailable') !== undefined &&
        get(source, 'spec', 'maxUnavailable') !== undefined
      ) {
        causes.invalid('spec', source['spec'], 'minAvailable and maxUnavailable cannot be both set');
      }
    },
    generation: specChanged,
  },
});
