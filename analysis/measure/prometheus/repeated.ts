import type { Series } from './answer.ts';

/** Labels that say who scraped, and not what was counted. */
const SCRAPED_BY = new Set([
  'job',
  'endpoint',
  'prometheus',
  'prometheus_replica',
  'replica',
  'receive',
  'monitor',
  'service_monitor',
]);

/**
 * Do two series seem to be the same counter, read twice (by two scrape jobs, or by two Prometheus behind one address)?
 * Such series differ only in who scraped them, and have the same value. Each request would count twice. A sentence, or
 * undefined.
 */
export function repeatedSeries(all: readonly Series[]): string | undefined {
  const byRest = new Map<string, Series>();
  for (const series of all) {
    const { labels } = series;
    if (labels['instance'] === undefined && labels['pod'] === undefined) continue;
    const rest = Object.entries(labels).filter(([name]) => !SCRAPED_BY.has(name));
    const key = JSON.stringify(rest.sort(([a], [b]) => (a < b ? -1 : 1)));
    const twin = byRest.get(key);
    if (twin === undefined) byRest.set(key, series);
    else if (stand(twin, series)) return sentence(twin, series);
  }
  return undefined;
}

/** Do both have the same value, apart from what was counted between two scrapes? */
function stand(a: Series, b: Series): boolean {
  const [last, other] = [a.samples.at(-1)?.value, b.samples.at(-1)?.value];
  if (last === undefined || other === undefined || !(last > 0)) return false;
  const rise = Math.max(
    ...[a, b].map(({ samples }) => (samples.at(-1)?.value ?? 0) - (samples[0]?.value ?? 0)),
  );
  return Math.abs(last - other) <= Math.max(rise, 0);
}

function sentence(a: Series, b: Series): string {
  const differing = [...SCRAPED_BY].filter((label) => a.labels[label] !== b.labels[label]);
  const ways = differing.map(
    (label) => `${label} ${a.labels[label] ?? '(none)'} and ${b.labels[label] ?? '(none)'}`,
  );
  const name = a.labels['__name__'] ?? 'the counter';
  return `${name} seems to be scraped twice (${ways.join(', ')}), so every request would count twice; add a matcher to the query, or stop one of the two`;
}
