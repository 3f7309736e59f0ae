import { formatDuration } from '../../lib/duration.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { AnalysisTemplate } from '../template.ts';
import { writeMetric } from './metric.ts';

/** The wire form with every field written out. */
export function serializeTemplate(template: AnalysisTemplate): JsonObject {
  const { scoring } = template;
  return {
    args: template.args.map((arg) => ({ ...arg })),
    interval: formatDuration(template.intervalMs),
    prometheus: template.prometheus,
    risk: { ...template.risk },
    safeEvidence: template.safeEvidence,
    ...(scoring === undefined ? {} : { scoring: { ...scoring, groups: { ...scoring.groups } } }),
    metrics: template.metrics.map(writeMetric),
  };
}
