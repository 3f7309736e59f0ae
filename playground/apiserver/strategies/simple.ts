/**
 * Kinds without rules of their own that Sluice or its manifests name: they are stored, listed and watched.
 */
import { child, fill, get, text, words } from '../json.ts';
import { builtin } from '../registry/kind.ts';
import type { BuiltinOptions, Kind } from '../registry/kind.ts';
import { AGE, column, NAME } from './columns.ts';
import { pathSegment } from './names.ts';

const rbac = (plural: string, kind: string, options: Partial<BuiltinOptions> = {}): Kind =>
  builtin({
    group: 'rbac.authorization.k8s.io',
    plural,
    kind,
    columns: [NAME, AGE],
    strategy: { validateName: pathSegment },
    ...options,
  });

const roleColumn = column(
  'Role',
  (o) => `${text(get(o, 'roleRef', 'kind'))}/${text(get(o, 'roleRef', 'name'))}`,
);

const quota: BuiltinOptions = {
  plural: 'resourcequotas',
  kind: 'ResourceQuota',
  shortNames: ['quota'],
  status: true,
  columns: [NAME, AGE],
};

export const SIMPLE_KINDS: Kind[] = [
  rbac('roles', 'Role'),
  rbac('rolebindings', 'RoleBinding', { columns: [NAME, roleColumn, AGE] }),
  rbac('clusterroles', 'ClusterRole', { namespaced: false }),
  rbac('clusterrolebindings', 'ClusterRoleBinding', { namespaced: false, columns: [NAME, roleColumn, AGE] }),
  builtin(quota),
  builtin({ plural: 'limitranges', kind: 'LimitRange', shortNames: ['limits'], columns: [NAME, AGE] }),
  builtin({
    plural: 'persistentvolumeclaims',
    kind: 'PersistentVolumeClaim',
    shortNames: ['pvc'],
    status: true,
    columns: [
      NAME,
      column('Status', (o) => text(get(o, 'status', 'phase'))),
      column('Access Modes', (o) => words(get(o, 'spec', 'accessModes')).join(',')),
      AGE,
    ],
    strategy: {
      createsStatus: true,
      defaults(source) {
        fill(child(source, 'spec'), 'volumeMode', 'Filesystem');
        fill(child(source, 'status'), 'phase', 'Pending');
      },
    },
  }),
  builtin({
    group: 'scheduling.k8s.io',
    plural: 'priorityclasses',
    kind: 'PriorityClass',
    namespaced: false,
    shortNames: ['pc'],
    columns: [NAME, column('Value', (o) => Number(o['value'] ?? 0), { type: 'integer' }), AGE],
    strategy: { defaults: (source) => fill(source, 'preemptionPolicy', 'PreemptLowerPriority') },
  }),
];
