import type { Window } from '../../../api/analysis.ts';
import { literalRegex } from '../../../api/query.ts';
import type { Series } from './answer.ts';
import type { Timeline } from './deltas.ts';
import { firstSeen, sourceOf, unproven } from './deltas.ts';
import type { Failure, PrometheusClient } from './client.ts';
import { askOverRange } from './over-range.ts';

/** When each source was first seen: by its own series, or by `up` where those do not tell. */
export async function sightings(
  all: readonly Timeline[],
  window: Window,
  client: PrometheusClient,
): Promise<Map<string, number> | Failure> {
  const seen = firstSeen(all);
  const open = unproven(all, window, seen);
  const asked = all.filter((series) => open.has(sourceOf(series)) && series.labels['instance'] !== undefined);
  if (asked.length === 0) return seen;
  const alternation = (label: string): string =>
    [...new Set(asked.map(({ labels }) => labels[label] ?? ''))].map(literalRegex).join('|');
  const selector = `up{job=~"${alternation('job')}",instance=~"${alternation('instance')}"}`;
  const answer = await askOverRange(client, selector, window);
  if (!answer.ok) return answer;
  for (const [source, timeMs] of firstSeen(answer.series.map(successesOf))) {
    seen.set(source, Math.min(timeMs, seen.get(source) ?? Infinity));
  }
  return seen;
}

/** Scrapes that worked: `up` is 1. */
function successesOf({ labels, samples }: Series): Series {
  return { labels, samples: samples.filter(({ value }) => value === 1) };
}
