import { renderKnown } from '../../../api/query.ts';
import type { Source } from '../source.ts';
import { checkPromql } from './check.ts';

/** Prometheus, or anything that speaks its query API. */
export const prometheus: Source = {
  name: 'prometheus',
  title: 'Prometheus',
  serves: ['counts', 'histograms', 'numbers', 'share', 'byLabel'],
  presets: true,
  check: checkPromql,
  shown: renderKnown,
  open: async (url) => {
    const [{ createPrometheusClient }, { endpointOver }] = await Promise.all([
      import('./client.ts'),
      import('./endpoint.ts'),
    ]);
    return endpointOver(createPrometheusClient({ url }));
  },
};
