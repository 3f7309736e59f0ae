import { child, fill, get, list, metadata, text } from '../json.ts';
import { builtin } from '../registry/kind.ts';
import { AGE, column, NAME } from './columns.ts';
import { dnsLabel } from './names.ts';

export const namespaces = builtin({
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
  shortNames: ['ns'],
  status: true,
  columns: [NAME, column('Status', (o) => text(get(o, 'status', 'phase'))), AGE],
  strategy: {
    defaults(source) {
      child(metadata(source), 'labels')['kubernetes.io/metadata.name'] = text(metadata(source)['name']);
      fill(child(source, 'status'), 'phase', 'Active');
    },
    prepareCreate(source) {
      const finalizers = list(child(source, 'spec')['finalizers']);
      if (!finalizers.includes('kubernetes')) finalizers.push('kubernetes');
      source['spec'] = { finalizers };
      source['status'] = { phase: 'Active' };
    },
    prepareUpdate(next, old) {
      // only /finalize may change them
      next['spec'] = old['spec'];
    },
    prepareDelete: (source) => void (child(source, 'status')['phase'] = 'Terminating'),
    validateName: dnsLabel,
    selectable: (o) => ({
      name: text(get(o, 'metadata', 'name')),
      'status.phase': text(get(o, 'status', 'phase')),
    }),
  },
});
