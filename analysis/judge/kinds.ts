import { METRIC_KINDS, type Metric } from '../../api/kinds/template/metric.ts';
import type { MetricKind } from './core/kind.ts';
import * as all from './list.ts';

const BY_NAME: { readonly [name in Metric['type']]: MetricKind } = all;

export const KINDS: readonly MetricKind[] = METRIC_KINDS.map((name) => BY_NAME[name]);

/** The kind of this metric, or of its stored statistics. */
export const kindOfMetric = ({ type }: Pick<Metric, 'type'>): MetricKind => BY_NAME[type];

/** The kinds that compare requests, by name. */
export const COUNTING: readonly string[] = KINDS.filter(({ asks }) => asks.form !== 'numbers').map(
  ({ name }) => name,
);
