import { get, number, text } from '../json.ts';
import { builtin } from '../registry/kind.ts';
import { AGE, column, NAME } from './columns.ts';
import { nonNegative } from './names.ts';

export const leases = builtin({
  group: 'coordination.k8s.io',
  plural: 'leases',
  kind: 'Lease',
  columns: [NAME, column('Holder', (o) => text(get(o, 'spec', 'holderIdentity'))), AGE],
  strategy: {
    createOnUpdate: true,
    validate(source, causes) {
      const duration = number(get(source, 'spec', 'leaseDurationSeconds'));
      if (duration !== undefined && duration <= 0) {
        causes.invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0');
      }
      nonNegative(source, ['spec', 'leaseTransitions'], causes);
    },
  },
});
