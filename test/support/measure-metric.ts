import type { Measurement, Window } from '../../api/analysis.ts';
import { endpointOver } from '../../analysis/measure/prometheus/endpoint.ts';
import { defaultTemplate } from '../../api/kinds/template/template.ts';
import type { Metric } from '../../api/kinds/template/metric.ts';
import { measure } from '../../analysis/measure/measure.ts';
import type { PrometheusClient } from '../../analysis/measure/prometheus/client.ts';

/** Measures one metric over one window with a Prometheus; the Services are `web` and `web-canary`. */
export async function measureMetric(
  client: PrometheusClient,
  { window, metric, calibrate = false }: { window: Window; metric: Metric; calibrate?: boolean },
): Promise<Measurement> {
  const template = { ...defaultTemplate(), metrics: [metric] };
  const [measurement] = await measure(
    {
      window,
      calibrate,
      templates: [{ use: { template: 'http', args: {} }, template }],
      variables: { target: 'web', stableService: 'web', canaryService: 'web-canary' },
    },
    new Map([['prometheus/default', endpointOver(client)]]),
  );
  if (measurement === undefined) throw new Error('nothing was measured');
  return measurement;
}
