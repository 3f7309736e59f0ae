import { checkQuery } from '../../api/query.ts';
import type { Issue } from '../../api/result.ts';
import type { AnalysisTemplate, Metric } from '../../api/template.ts';
import { checkExpression } from './expression.ts';

/**
 * What parsing alone cannot see in a template: unknown or misplaced variables, queries that are no counters, and
 * expressions that cannot be used. `path` is that of the spec, e.g. "AnalysisTemplate http: spec". [] = usable.
 */
export function checkTemplate(template: AnalysisTemplate, path: string): Issue[] {
  const args = template.args.map(({ name }) => name);
  return template.metrics.flatMap((metric, i) => {
    const place = `${path}.metrics[${i}]`;
    return [...checkQueries(metric, place, args), ...checkExpressions(metric, place)];
  });
}

function checkQueries(metric: Metric, place: string, args: readonly string[]): Issue[] {
  return queriesOf(metric).flatMap(({ field, text, counter }) => {
    const issue = checkQuery(text, { args, counter });
    return issue === undefined ? [] : [{ path: `${place}.${field}`, ...issue }];
  });
}

function queriesOf(metric: Metric): { field: string; text: string; counter: boolean }[] {
  if (metric.type === 'threshold') {
    const { query, stableQuery } = metric;
    const first = { field: 'threshold.query', text: query, counter: false };
    if (stableQuery === undefined) return [first];
    return [first, { field: 'threshold.stableQuery', text: stableQuery, counter: false }];
  }
  if (metric.type !== 'errorRate') return [];
  const { queries } = metric;
  if (queries === undefined) return [];
  return (['canary', 'stable'] as const).flatMap((arm) =>
    (['bad', 'total'] as const).map((part) => ({
      field: `errorRate.${arm}.${part}`,
      text: queries[arm][part],
      counter: true,
    })),
  );
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
