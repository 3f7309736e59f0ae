import { metricsOf } from '../../api/bound.ts';
import { serves } from '../../analysis/measure/sources.ts';
import type { ReleaseSpec } from '../../api/kinds/release/spec.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { readyMade } from '../../api/kinds/template/metric.ts';
import { PRESETS } from '../../providers/index.ts';
import type { NoPresets, Presets, Provider } from '../../providers/provider.ts';

type Counted = NonNullable<NonNullable<ReleaseSpec['traffic']>['preset']>;

/**
 * The metrics that count the requests of both versions, for the check of the weight and for readers of the record. They
 * are the ready-made queries or, where every template brings its own, the total of the first error rate. `templates`
 * are as they are written.
 */
export function countedBy(
  templates: readonly BoundTemplate[],
  presets: Presets | NoPresets,
  { steering }: Pick<Provider, 'steering'>,
): Counted {
  if (!templates.some(({ template }) => serves(template, 'share')))
    return {
      name: 'none',
      because: 'the numbers come from a source that does not count the requests of each version',
    };
  const own = steering.countable ? ownTotal(templates) : undefined;
  if (own !== undefined) return own;
  const wanted = namedBy(templates) ?? presets;
  if ('sentence' in wanted) return { name: 'none', because: wanted.sentence };
  const { name, because, requests } = wanted;
  return { name, because, ...(requests === undefined ? {} : { requests: { ...requests } }) };
}

/** The preset that every metric names; undefined if they do not all name the same one. */
function namedBy(templates: readonly BoundTemplate[]): Presets | undefined {
  const all = countingOf(templates).map(({ given }) => given.preset);
  const [only, second] = new Set(all);
  return second === undefined && only !== undefined ? PRESETS.find(({ name }) => name === only) : undefined;
}

const countingOf = (templates: readonly BoundTemplate[]) =>
  metricsOf(templates).flatMap(({ key, metric, bound: { template } }) => {
    const ready = serves(template, 'share') ? readyMade(metric) : undefined;
    return ready === undefined ? [] : [{ key, given: ready.given(metric), total: ready.total?.(metric) }];
  });

/** Services distribute connections and not requests, so without a router totals say nothing about weights. */
function ownTotal(templates: readonly BoundTemplate[]): Counted | undefined {
  const all = countingOf(templates);
  if (all.some(({ given }) => given.queries === undefined)) return undefined;
  const first = all.find(({ total }) => total !== undefined);
  if (first?.total === undefined) return undefined;
  return {
    name: 'template',
    because: `every metric has queries of its own, and the total of ${first.key} counts requests`,
    metric: first.key,
    requests: first.total,
  };
}
