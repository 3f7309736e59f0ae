import type { Issue } from '../../../lib/result.ts';
import { endpointOf } from '../../../api/kinds/template/source.ts';
import type { AnalysisTemplate } from '../../../api/kinds/template/template.ts';
import type { Metric } from '../../../api/kinds/template/metric.ts';
import type { QueryText, Source } from '../../measure/source.ts';
import { sourceNamed, SOURCES } from '../../measure/sources.ts';
import { checkExpression } from '../threshold/expression.ts';

/**
 * What parsing alone cannot see in a template: unknown or misplaced variables, queries that are no counters, and
 * expressions that cannot be used. `fenced`: its queries may read one namespace only. `path` is that of the spec, e.g. "AnalysisTemplate http: spec". [] = usable.
 */
export function checkTemplate(
  template: AnalysisTemplate,
  path: string,
  { fenced = false }: { fenced?: boolean } = {},
): Issue[] {
  const args = template.args.map(({ name }) => name);
  const source = sourceNamed(endpointOf(template))?.source;
  if (source === undefined) return [unknownSource(template, path)];
  return template.metrics.flatMap((metric, i) => {
    const place = `${path}.metrics[${i}]`;
    return [...checkQueries(metric, place, { args, fenced, source }), ...checkExpressions(metric, place)];
  });
}

const unknownSource = ({ source }: AnalysisTemplate, path: string): Issue => ({
  path: `${path}.source`,
  ...(source === undefined ? {} : { value: JSON.stringify(source) }),
  message: 'names no source of metrics',
  remedy: `write <source>/<end point>, the source being one of ${SOURCES.map(({ name }) => name).join(', ')}`,
});

function checkQueries(
  metric: Metric,
  place: string,
  { args, fenced, source }: { args: readonly string[]; fenced: boolean; source: Source },
): Issue[] {
  if (!source.serves.includes(metric.type)) return [notServed(metric, place, source)];
  if (!source.presets && 'preset' in metric) return [noPresets(metric, place, source)];
  return queriesOf(metric).flatMap(({ field, text, use }) => {
    const issue = source.check({ text, use, args, fenced });
    return issue === undefined ? [] : [{ path: `${place}.${field}`, ...issue }];
  });
}

const notServed = ({ type }: Metric, place: string, { title, serves }: Source): Issue => ({
  path: `${place}.${type}`,
  message: `cannot come from ${title}`,
  remedy: `measure one of ${serves.filter((each) => each !== 'share').join(', ')} there, or take another source`,
});

const noPresets = ({ type }: Metric, place: string, { title }: Source): Issue => ({
  path: `${place}.${type}.preset`,
  message: `is in PromQL, and the numbers come from ${title}`,
  remedy: 'give queries of your own, or remove spec.source',
});

interface Query {
  field: string;
  text: string;
  use: QueryText['use'];
}

function queriesOf(metric: Metric): Query[] {
  switch (metric.type) {
    case 'errorRate':
      return ARMS.flatMap((arm) => cumulative(`errorRate.${arm}`, 'counter', metric.queries?.[arm]));
    case 'latency':
      return ARMS.flatMap((arm) => cumulative(`latency.${arm}`, 'histogram', metric.queries?.[arm]));
    case 'series':
    case 'threshold':
      return (['query', 'stableQuery'] as const).flatMap((part) => {
        const text = metric[part];
        return text === undefined ? [] : [{ field: `${metric.type}.${part}`, text, use: 'number' as const }];
      });
  }
}

const ARMS = ['canary', 'stable'] as const;

/** Absent: the metric has a preset. */
function cumulative(place: string, use: QueryText['use'], queries: object = {}): Query[] {
  return Object.entries(queries).map(([part, text]) => ({
    field: `${place}.${part}`,
    text: String(text),
    use,
  }));
}

function checkExpressions(metric: Metric, place: string): Issue[] {
  if (metric.type !== 'threshold') return [];
  return (['failure', 'success'] as const).flatMap((field) => {
    const text = metric[field];
    const problem = text === undefined ? undefined : checkExpression(text);
    if (text === undefined || problem === undefined) return [];
    const value = text.length > 60 ? `${text.slice(0, 57)}…` : text;
    return [
      {
        path: `${place}.threshold.${field}`,
        value: JSON.stringify(value),
        message: `cannot be used: ${problem}`,
        remedy: 'write a condition over value, canary and stable, like "value < 0.5"',
      },
    ];
  });
}
