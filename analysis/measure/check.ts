import type { Form } from '../../api/analysis.ts';
import { queriesOf, type Metric } from '../../api/kinds/template/metric.ts';
import { endpointOf } from '../../api/kinds/template/source.ts';
import type { AnalysisTemplate } from '../../api/kinds/template/template.ts';
import type { Issue } from '../../lib/result.ts';
import { kindOfMetric, KINDS } from '../judge/kinds.ts';
import type { QueryText, Source } from './source.ts';
import { sourceNamed, SOURCES } from './sources.ts';

/**
 * What parsing alone cannot see in a template: unknown or misplaced variables, queries that are not counters, and
 * expressions that cannot be used. `fenced`: its queries may read one namespace only. `path` is that of the spec, e.g.
 * "AnalysisTemplate http: spec". [] = usable.
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
    return [
      ...checkQueries(metric, place, { args, fenced, source }),
      ...(kindOfMetric(metric).check?.(metric, place) ?? []),
    ];
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
  const { form } = kindOfMetric(metric).asks;
  if (!source.serves.includes(form)) return [notServed(metric, place, source)];
  if (!source.presets && 'preset' in metric) return [noPresets(metric, place, source)];
  return queriesOf(metric).flatMap(({ field, text }) => {
    const issue = source.check({ text, use: USE[form], args, fenced });
    return issue === undefined ? [] : [{ path: `${place}.${field}`, ...issue }];
  });
}

const USE: Record<Form, QueryText['use']> = { counts: 'counter', histograms: 'histogram', numbers: 'number' };

const notServed = ({ type }: Metric, place: string, { title, serves }: Source): Issue => {
  const served = KINDS.filter(({ asks }) => serves.includes(asks.form)).map(({ name }) => name);
  return {
    path: `${place}.${type}`,
    message: `cannot come from ${title}`,
    remedy: `measure one of ${served.join(', ')} there, or take another source`,
  };
};

const noPresets = ({ type }: Metric, place: string, { title }: Source): Issue => ({
  path: `${place}.${type}.preset`,
  message: `is in PromQL, and the numbers come from ${title}`,
  remedy: 'give queries of your own, or remove spec.source',
});
