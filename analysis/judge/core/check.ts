import { checkQuery } from '../../../api/query.ts';
import type { Issue } from '../../../lib/result.ts';
import type { AnalysisTemplate } from '../../../api/kinds/template/template.ts';
import type { Metric } from '../../../api/kinds/template/metric.ts';
import { flawIn } from '../../promql/template.ts';
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
  return template.metrics.flatMap((metric, i) => {
    const place = `${path}.metrics[${i}]`;
    return [...checkQueries(metric, place, { args, fenced }), ...checkExpressions(metric, place)];
  });
}

function checkQueries(
  metric: Metric,
  place: string,
  { args, fenced }: { args: readonly string[]; fenced: boolean },
): Issue[] {
  return queriesOf(metric).flatMap(({ field, text, counter }) => {
    const issue =
      checkQuery(text, { args, counter }) ??
      (counter ? checkHistogram(metric, text) : undefined) ??
      checkPromql(text, fenced);
    return issue === undefined ? [] : [{ path: `${place}.${field}`, ...issue }];
  });
}

function checkPromql(text: string, fenced: boolean): Omit<Issue, 'path'> | undefined {
  const flaw = flawIn(text, { fenced });
  return (
    flaw && {
      value: flaw.excerpt,
      message: flaw.message,
      remedy: 'correct it there, and try it in Prometheus',
    }
  );
}

/** A quantile per window cannot be compared request by request. */
function checkHistogram({ type }: Metric, text: string): Omit<Issue, 'path'> | undefined {
  if (type !== 'latency' || !/\bhistogram_\w+\s*\(/.test(text)) return undefined;
  return {
    value: text.length > 60 ? `${text.slice(0, 57)}…` : text,
    message: 'takes a number out of the histogram',
    remedy: 'give the histogram itself: the selector of its _bucket series, or of the native histogram',
  };
}

interface Query {
  field: string;
  text: string;
  /** it has to be cumulative, and Sluice takes the differences */
  counter: boolean;
}

function queriesOf(metric: Metric): Query[] {
  switch (metric.type) {
    case 'errorRate':
      return ARMS.flatMap((arm) => counters(`errorRate.${arm}`, metric.queries?.[arm]));
    case 'latency':
      return ARMS.flatMap((arm) => counters(`latency.${arm}`, metric.queries?.[arm]));
    case 'series':
    case 'threshold':
      return (['query', 'stableQuery'] as const).flatMap((part) => {
        const text = metric[part];
        return text === undefined ? [] : [{ field: `${metric.type}.${part}`, text, counter: false }];
      });
  }
}

const ARMS = ['canary', 'stable'] as const;

/** Absent: the metric has a preset. */
function counters(place: string, queries: object = {}): Query[] {
  return Object.entries(queries).map(([part, text]) => ({
    field: `${place}.${part}`,
    text: String(text),
    counter: true,
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
