import type { Histogram, Measurement, Window } from '../../../api/analysis.ts';
import { endpointOver } from '../../../analysis/measure/prometheus/endpoint.ts';
import { defaultTemplate } from '../../../api/kinds/template/template.ts';
import type { Metric } from '../../../api/kinds/template/metric.ts';
import { errorRateMetric, latencyMetric } from '../measure-objects.ts';
import { measure } from '../../../analysis/measure/measure.ts';
import type { PrometheusClient } from '../../../analysis/measure/prometheus/client.ts';
import type { Presets } from '../../../providers/provider.ts';

/** What a preset reads over a window, metric by metric; a sentence if it reads nothing. */
export interface Read {
  errors: { canary: string; stable: string } | string;
  latency?: { canary: Histogram; stable: Histogram } | string;
  share?: { canary: number; stable: number } | string;
}

/** What a preset reads, through the code that judges a release. */
export async function readBy(
  presets: Presets,
  variables: Readonly<Record<string, string>>,
  { window, client, stableOnly }: { window: Window; client: PrometheusClient; stableOnly: boolean },
): Promise<Read> {
  const template = { ...defaultTemplate(), metrics: metricsOf(presets) };
  const share = presets.requests && { share: { source: 'prometheus/default', ...presets.requests } };
  const request = {
    window,
    templates: [{ use: { template: 'http', args: {} }, template }],
    variables,
    ...(stableOnly ? { stableOnly } : share),
  };
  const measured = await measure(request, new Map([['prometheus/default', endpointOver(client)]]));
  const read: Read = { errors: 'not measured' };
  for (const each of measured) put(read, each);
  return read;
}

function put(read: Read, each: Measurement): void {
  if (each.outcome !== 'ok') {
    const sentence = `${each.outcome}: ${each.sentence}`;
    if (each.metric === 'errors') read.errors = sentence;
    else if (each.metric === 'slow') read.latency = sentence;
    else read.share = sentence;
  } else if (each.kind === 'counts') {
    const text = ({ bad, total }: { bad: number; total: number }) => `${bad} of ${total}`;
    read.errors = { canary: text(each.canary), stable: text(each.stable) };
  } else if (each.kind === 'histograms') read.latency = { canary: each.canary, stable: each.stable };
  else if (each.kind === 'share') read.share = { canary: each.canary, stable: each.stable };
}

const metricsOf = ({ errorRate, latency }: Presets): Metric[] => [
  { ...errorRateMetric(), queries: errorRate },
  ...(latency === undefined ? [] : [{ ...latencyMetric(), name: 'slow', queries: latency }]),
];
