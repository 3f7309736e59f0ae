import type { JsonObject } from '../../lib/json.ts';
import type { AnalysisTemplate, Metric } from '../template.ts';
import { Fields, complain, type Read } from '../../lib/schema/fields.ts';
import type { Common } from './metric/common.ts';
import { ERROR_RATE_MARGINS, readErrorRate, writeErrorRate } from './metric/error-rate.ts';
import { readLatency, writeLatency } from './metric/latency.ts';
import { readSeries, writeSeries } from './metric/series.ts';
import { readThreshold, writeThreshold } from './metric/threshold.ts';
import { boolean } from '../../lib/schema/read.ts';
import { dnsLabel } from '../../lib/schema/scalars.ts';

/** What applies where no AnalysisTemplate of the name `http` exists. */
export function defaultTemplate(): AnalysisTemplate {
  return {
    args: [],
    intervalMs: 15_000,
    prometheus: 'default',
    risk: { harm: 0.05, safe: 0.1 },
    safeEvidence: 'perStep',
    metrics: [
      {
        type: 'errorRate',
        name: 'error-rate',
        critical: true,
        dryRun: false,
        weight: 1,
        test: { method: 'sequential' },
        preset: 'auto',
        ...ERROR_RATE_MARGINS,
      },
    ],
  };
}

/** Every kind of metric, by the field that names it. */
export const METRIC_KINDS = ['errorRate', 'latency', 'series', 'threshold'] as const;
type Kind = (typeof METRIC_KINDS)[number];

/** Fields beside the one that names the kind. */
const OWN: Readonly<Record<Kind, readonly string[]>> = {
  errorRate: ['margin', 'weight', 'test', 'ceiling'],
  latency: ['margin', 'weight'],
  series: ['direction', 'nan', 'test'],
  threshold: ['failureLimit', 'counting', 'consecutiveErrorLimit', 'inconclusiveLimit', 'nan'],
};

/** One item of `spec.metrics`; `intervalMs` is the length of a window. */
export const readMetric =
  (intervalMs: number): Read<Metric> =>
  (value, place) => {
    const fields = Fields.open(value, place);
    if (fields === undefined) return undefined;
    const name = fields.required('name', dnsLabel.read, 'give the metric a name');
    const critical = fields.withDefault('critical', boolean, true);
    const dryRun = fields.withDefault('dryRun', boolean, false);
    const kinds = METRIC_KINDS.filter((kind) => fields.has(kind));
    const [kind] = kinds;
    if (kind === undefined) {
      fields.missing('errorRate', `give one of ${METRIC_KINDS.join(', ')}`);
      return undefined;
    }
    if (kinds.length > 1) {
      return complain(place, kinds, 'measures several things', 'split it into one metric each');
    }
    const metric = readKind(kind, fields, { common: { name: name ?? '', critical, dryRun }, intervalMs });
    refuseForeign(kind, fields);
    fields.end();
    return name === undefined ? undefined : metric;
  };

function readKind(
  kind: Kind,
  fields: Fields,
  { common, intervalMs }: { common: Common; intervalMs: number },
): Metric | undefined {
  switch (kind) {
    case 'errorRate':
      return readErrorRate(fields, common, intervalMs);
    case 'latency':
      return readLatency(fields, common);
    case 'series':
      return readSeries(fields, common, intervalMs);
    case 'threshold':
      return readThreshold(fields, common);
  }
}

/** A field of another kind is named as such, and not taken for a mistyped one. */
function refuseForeign(kind: Kind, fields: Fields): void {
  for (const name of new Set(Object.values(OWN).flat())) {
    if (OWN[kind].includes(name)) continue;
    const owners = METRIC_KINDS.filter((other) => OWN[other].includes(name)).join(' and ');
    fields.refuse([name], `is a field of ${owners} metrics, not of ${kind}`, 'remove it');
  }
}

/** The wire form with every field written out. */
export function writeMetric(metric: Metric): JsonObject {
  const { name, critical, dryRun } = metric;
  return { name, critical, dryRun, ...ownFields(metric) };
}

function ownFields(metric: Metric): JsonObject {
  switch (metric.type) {
    case 'errorRate':
      return writeErrorRate(metric);
    case 'latency':
      return writeLatency(metric);
    case 'series':
      return writeSeries(metric);
    case 'threshold':
      return writeThreshold(metric);
  }
}
